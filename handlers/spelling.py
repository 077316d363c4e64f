"""How words are compared: without case and accents, and with the slips that thumbs make."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final
from unicodedata import combining, normalize

from handlers.conversation import NOT_A_WORD

_WITHIN_A_WORD: Final = re.compile("(?<=\\w)['\u2019\u02bc`\u00b4](?=\\w)")
"""`can't` is one word, however its apostrophe is typed or left out."""

_LETTERS: Final = str.maketrans({"ø": "o", "œ": "oe", "æ": "ae", "ł": "l", "\u0131": "i"})
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})

LONGEST_WORD: Final = 24
"""No word of ours is longer; looking for slips in longer ones would only cost time."""

MOST_SLIPS: Final = 12
"""In how many unknown words of one text a slip is looked for; it takes time."""


def plain(text: str) -> str:
    """Lower case, and letters without their accents."""
    letters = normalize("NFKD", normalize("NFKC", text).casefold())
    return "".join(filter(_stands_alone, letters)).translate(_LETTERS)


def _stands_alone(letter: str) -> bool:
    return not combining(letter)


def spoken(text: str) -> tuple[str, ...]:
    """A text as plain words: `¿Can't log-in?` is `cant`, `log` and `in`."""
    joined = _WITHIN_A_WORD.sub("", normalize("NFKC", text))
    return tuple(NOT_A_WORD.sub(" ", plain(joined)).split())


def spellings(text: str) -> frozenset[tuple[str, ...]]:
    """The ways to write a word of ours: `zurücksetzen` also as `zuruecksetzen`."""
    composed = normalize("NFKC", text).casefold()
    return frozenset({spoken(composed), spoken(composed.translate(_UMLAUTS))})


def distance(one: str, other: str) -> int:
    """Letters left out, put in, mistaken or swapped with their neighbour (Damerau, restricted)."""
    one, other = _where_they_differ(one, other)
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
    return row[-1]


def _where_they_differ(one: str, other: str) -> tuple[str, str]:
    """What begins and ends alike costs nothing, and mostly that is all but a letter or two."""
    start = _alike(one, other)
    one, other = one[start:], other[start:]
    end = _alike(one[::-1], other[::-1])
    return one[: len(one) - end], other[: len(other) - end]


def _alike(one: str, other: str) -> int:
    """How many letters are the same at the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def allowed(word: str) -> int:
    """How many slips a word bears before it could be another: short ones are too close."""
    return 0 if len(word) < 5 else 1 if len(word) < 10 else 2


class Spelling:
    """Finds the words of ours that a mistyped one may stand for; indexed once, asked often.

    Two words are within a distance only if they have something in common after as many letters
    were left out of each: so few are ever compared.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(words)
        self._shortened: Mapping[str, frozenset[str]] = _index(self.words)

    def heard(self, words: Sequence[str]) -> list[tuple[str, ...]]:
        """For each word those of ours that it may stand for; slips are forgiven up to a number."""
        strange = [word for word in dict.fromkeys(words) if word not in self.words]
        slips = {word: self.meant(word) for word in strange[:MOST_SLIPS]}
        return [(word,) if word in self.words else slips.get(word, ()) for word in words]

    def meant(self, word: str) -> tuple[str, ...]:
        """The word itself where it is ours, else the nearest, else none."""
        if word in self.words:
            return (word,)
        if not 2 < len(word) <= LONGEST_WORD or not word.isalpha():
            return ()
        near = {each: distance(word, each) for each in self._candidates(word)}
        near = {each: far for each, far in near.items() if _could_be(word, each, far)}
        least = min(near.values(), default=0)
        return tuple(sorted(each for each, far in near.items() if far == least))

    def _candidates(self, word: str) -> AbstractSet[str]:
        parts = _shortened(word, 2 if len(word) > 6 else 1) & self._shortened.keys()
        return frozenset[str]().union(*(self._shortened[part] for part in parts))


def _could_be(word: str, ours: str, far: int) -> bool:
    """Short words are only recognised with two letters swapped; the first letter is rarely wrong.

    So neither `preset` nor `rest` is `reset`, nor is `clock` a mistyped `unlock`.
    """
    swapped = len(word) == len(ours) and sorted(word) == sorted(ours)
    if len(ours) < 5:
        return far == 1 and swapped
    starts_alike = word[0] == ours[0] or (swapped and word[:2] == ours[1::-1])
    return far <= allowed(ours) and (starts_alike or (far == 1 and len(ours) > 5))


def _index(words: frozenset[str]) -> Mapping[str, frozenset[str]]:
    index: defaultdict[str, set[str]] = defaultdict(set)
    for word in words:
        if len(word) > 2:
            for part in _shortened(word, max(1, allowed(word))):
                index[part].add(word)
    return {part: frozenset(owners) for part, owners in index.items()}


def _shortened(word: str, most: int) -> AbstractSet[str]:
    """The word, and what is left of it without one letter, or without up to two."""
    shorter = {word[:place] + word[place + 1 :] for place in range(len(word))}
    if most > 1:
        shorter |= {
            each[:place] + each[place + 1 :] for each in shorter for place in range(len(each))
        }
    return shorter | {word}
