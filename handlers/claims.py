"""Sees to it that a word has one meaning, and that none is claimed which carriers answer."""

from __future__ import annotations

from typing import Final

from handlers.reserved import KEPT_FREE, WORDS_OF_CARRIERS
from handlers.spelling import plain

_CARRIERS: Final = {plain(word): owner for word, owner in WORDS_OF_CARRIERS.items()}
_NOBODYS: Final = frozenset(map(plain, KEPT_FREE))


class WordReserved(Exception):
    """A word is claimed that carriers answer themselves; it would never work as meant."""


class WordClaimedTwice(Exception):
    """One word is claimed for two meanings, or twice for one in two spellings."""


class Claims:
    """Who has claimed which word. A word may mean the same in several languages."""

    def __init__(self) -> None:
        self._owners: dict[str, tuple[str, str]] = {}
        self._seen: set[tuple[str, str]] = set()

    def claim(self, spoken: str, word: str, meaning: str, language: str) -> None:
        """Raises WordReserved or WordClaimedTwice, naming the word and the language."""
        said = f"{language} claims {word!r} for {meaning}"
        if spoken in _NOBODYS or _CARRIERS.get(spoken, meaning) != meaning:
            raise WordReserved(f"{said}, but carriers answer that word themselves")
        owner, where = self._owners.setdefault(spoken, (meaning, language))
        if owner != meaning:
            raise WordClaimedTwice(f"{said}, but {where} has claimed it for {owner}")
        if (spoken, language) in self._seen:
            raise WordClaimedTwice(f"{said}, and has claimed it before")
        self._seen.add((spoken, language))
