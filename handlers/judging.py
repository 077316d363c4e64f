"""Decides between the phrases that a text holds, and against those that it takes back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from handlers.languages import NOTHING, Languages
from handlers.meaning import Intent
from handlers.phrases import Expressions, Found, Heard

_STRONGER_FIRST: Final = (
    Intent.NOT_ME,
    Intent.RESET,
    Intent.UNLOCK,
    Intent.STATUS,
    Intent.HELP,
)
"""Whoever says that it wasn't them says so above all. Whoever has forgotten their password needs
a reset, locked or not; and a reset that was only talked of is confirmed before it is done.
"""

_NOT_TOGETHER: Final = frozenset({Intent.RESET, Intent.UNLOCK})
"""Somebody who texts both of these commands has yet to choose."""

_CANNOT_BE_TAKEN_BACK: Final = (Intent.NOT_ME, Intent.HELP)
"""They do no harm where they were not meant, and `not` is often a part of them."""


class Judge:
    """Knows with which words a wish is not one, and which expressions with them say nothing."""

    def __init__(self, languages: Languages) -> None:
        self._excuses: Expressions[str] = Expressions()
        self._against: Expressions[str] = Expressions()
        self._ordinary = {each: frozenset(languages.ordinary(each)) for each in languages}
        for language in languages:
            for expression in filter(_has_several_words, languages.ordinary(language)):
                self._excuses.add(expression, expression)
            for word in languages.against(language):
                self._against.add(word, word)

    def best(
        self, found: Sequence[Found], heard: Heard, commands: AbstractSet[Intent]
    ) -> Found | None:
        """The one thing that is meant, or None where it isn't clear. In the longest words of it."""
        if not found:
            return None
        longest = [each for each in found if not _within_another(each, found)]
        unsure = commands >= _NOT_TOGETHER or self._is_taken_back(longest, heard)
        for intent in _CANNOT_BE_TAKEN_BACK if unsure else _STRONGER_FIRST:
            if of_this := [each for each in longest if each.meaning == intent]:
                return max(of_this, key=lambda each: len(each.places))
        return None

    def _is_taken_back(self, found: Iterable[Found], heard: Heard) -> bool:
        """A text that takes one wish back is not trusted with another."""
        against = self._spots_against(heard)
        return any(each.meaning == NOTHING or self._is_against(each, against) for each in found)

    def _is_against(self, found: Found, against: Collection[tuple[range, str]]) -> bool:
        """`no` takes a wish back in Spanish, and is `in the` in Portuguese."""
        ordinary = self._ordinary[found.language]
        return any(
            word not in ordinary and not found.places.issuperset(spot) for spot, word in against
        )

    def _spots_against(self, heard: Heard) -> Sequence[tuple[range, str]]:
        """Not those in expressions such as `dont know`, which take nothing back."""
        excused = {place for spot, _ in self._excuses.spots(heard) for place in spot}
        return [each for each in self._against.spots(heard) if not excused.issuperset(each[0])]


def _has_several_words(expression: str) -> bool:
    return " " in expression


def _within_another(found: Found, all_found: Iterable[Found]) -> bool:
    """`is my account locked` asks, although `account locked` alone would wish for an unlock."""
    return any(found.places < other.places for other in all_found)
