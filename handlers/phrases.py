"""Finds phrases such as `forgot my password` in the words of a text, whatever stands between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from handlers.languages import NOTHING
from handlers.spelling import spellings

MOST_BETWEEN: Final = 4
"""Words that may stand between two of a phrase: `forgot my bloody work password`."""

MOST_BETWEEN_OF_NOTHING: Final = 2
"""`my phone is locked` is no wish, and `I have a new phone and my account is locked` is one."""

Heard = Sequence[tuple[str, ...]]
"""For each word of a text, the words of ours that it may stand for."""

Tag = TypeVar("Tag")


class Expressions(Generic[Tag]):
    """Words, and words that stand together such as `log in`, each with what it is known for."""

    def __init__(self) -> None:
        self._beginnings: defaultdict[str, list[tuple[tuple[str, ...], Tag]]] = defaultdict(list)

    def add(self, expression: str, tag: Tag) -> None:
        for way in spellings(expression):
            if way:
                self._beginnings[way[0]].append((way[1:], tag))

    def spots(self, heard: Heard) -> Iterator[tuple[range, Tag]]:
        """All that are in a text, in its order."""
        for start, words in enumerate(heard):
            for word in words:
                for rest, tag in self._beginnings.get(word, ()):
                    if not rest or _follows(rest, heard, start + 1):
                        yield range(start, start + 1 + len(rest)), tag


def _follows(rest: tuple[str, ...], heard: Heard, start: int) -> bool:
    if start + len(rest) > len(heard):
        return False
    return all(word in heard[place] for place, word in enumerate(rest, start))


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase that a text holds, and at which places its words stand."""

    meaning: str
    language: str
    places: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Phrase:
    meaning: str
    language: str
    parts: tuple[int, ...]
    mask: int
    most_between: int


class Phrasebook:
    """All phrases of all languages. A part of a phrase is a group of words that say the same."""

    def __init__(self) -> None:
        self._phrases: list[_Phrase] = []
        self._parts: dict[frozenset[str], int] = {}
        self._expressions: Expressions[int] = Expressions()

    def add(self, meaning: str, language: str, parts: Sequence[Iterable[str]]) -> None:
        numbers = tuple(self._number(frozenset(part)) for part in parts)
        mask = sum(1 << number for number in frozenset(numbers))
        most = MOST_BETWEEN_OF_NOTHING if meaning == NOTHING else MOST_BETWEEN
        self._phrases.append(_Phrase(meaning, language, numbers, mask, most))

    def _number(self, part: frozenset[str]) -> int:
        if part not in self._parts:
            self._parts[part] = len(self._parts)
            for expression in part:
                self._expressions.add(expression, self._parts[part])
        return self._parts[part]

    def found(self, heard: Heard) -> tuple[Found, ...]:
        """Every phrase that is there, at the first places where it is."""
        where: defaultdict[int, list[range]] = defaultdict(list)
        for spot, number in self._expressions.spots(heard):
            where[number].append(spot)
        there = sum(1 << number for number in where)
        return tuple(
            Found(phrase.meaning, phrase.language, places)
            for phrase in self._phrases
            if phrase.mask & there == phrase.mask and (places := _places(phrase, where)) is not None
        )


def _places(phrase: _Phrase, where: Mapping[int, list[range]]) -> frozenset[int] | None:
    """The most places that the parts can have in their order, none too far from the last."""
    ends = _longest((spot.stop, frozenset(spot)) for spot in where[phrase.parts[0]])
    for part in phrase.parts[1:]:
        ends = _longest(
            (spot.stop, ends[end] | frozenset(spot))
            for spot in where[part]
            for end in range(spot.start - phrase.most_between, spot.start + 1)
            if end in ends
        )
    return max(ends.values(), key=len, default=None)


def _longest(ways: Iterable[tuple[int, frozenset[int]]]) -> dict[int, frozenset[int]]:
    """The longest of the ways that end at one place: `not able to` before `able to`."""
    longest: dict[int, frozenset[int]] = {}
    for end, places in ways:
        if len(places) > len(longest.get(end, ())):
            longest[end] = places
    return longest
