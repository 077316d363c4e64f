"""Makes one-time passwords such as Maple-Otter-Canal-472, and proves how hard they are to guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import log2
from random import Random
from secrets import SystemRandom
from typing import Final

from pydantic import SecretStr

from gateway.words import all_words

LEAST_BITS: Final = 43.0
LEAST_WORDS: Final = 3
MOST_WORDS: Final = 8
LEAST_LENGTH: Final = 15
"""NIST SP 800-63B-4, 3.1.1.2: the least for a password that stands alone. In characters."""

LONGEST_MINIMUM: Final = 120
"""Windows' sign-in takes 127 characters, and the last word may overshoot a minimum by 7."""

DIGITS: Final = "23456789"
"""Without 0 and 1, which look like O and l."""

DIGIT_COUNT: Final = 3
_OFFENSIVE_DIGITS: Final = ("69", "88", "666")

SEPARATORS: Final = "-+="
"""In GSM-7 and on every keyboard. Active Directory lets no logon name have the latter two."""

_SHORTEST_NAME: Final = 3
"""Active Directory doesn't look for shorter parts of a name, nor do we."""

_SYSTEM: Final = SystemRandom()


class PasswordImpossible(Exception):
    """No password can be made that is both allowed and hard enough to guess."""


class OneTimePassword(SecretStr):
    """A password for one sign-in. It can't be printed; `get_secret_value` hands it out."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a password is drawn from, each part evenly and by itself."""

    words: Sequence[str]
    word_count: int
    digit_groups: Sequence[str]
    separator: str

    @property
    def bits(self) -> float:
        """Min-entropy of the words and digits. Words added for length alone only raise it."""
        return self.word_count * log2(len(self.words)) + log2(len(self.digit_groups))

    def draw(self, min_length: int, random: Random) -> str:
        """One password, with as many more words as the length takes."""
        digits = random.choice(self.digit_groups)
        words = [self._word(random) for _ in range(self.word_count)]
        while len(password := self.separator.join([*words, digits])) < min_length:
            words.append(self._word(random))
        return password

    def _word(self, random: Random) -> str:
        return random.choice(self.words).capitalize()


def make(
    min_length: int,
    names: Sequence[str],
    *,
    words: int = LEAST_WORDS,
    random: Random = _SYSTEM,
) -> OneTimePassword:
    """A fresh password for the person with these names (their logon and display names).

    It meets Active Directory's policy by construction: upper and lower case, digits and a symbol,
    at least `min_length` (and 15) characters, and no part of a name. Raises PasswordImpossible.
    """
    if min_length > LONGEST_MINIMUM:
        raise PasswordImpossible(
            f"the domain asks for {min_length} characters, and we make none beyond"
            f" {LONGEST_MINIMUM}: Windows' sign-in wouldn't take it"
        )
    password = recipe(names, words=words).draw(max(min_length, LEAST_LENGTH), random)
    return OneTimePassword(password)


def entropy_bits(names: Sequence[str] = (), *, words: int = LEAST_WORDS) -> float:
    """The least bits that a password of this person has, with all exclusions taken off."""
    return recipe(names, words=words).bits


def recipe(names: Sequence[str], *, words: int = LEAST_WORDS) -> Recipe:
    """What is left to draw from for these names, with more words where it needs them."""
    parts = _parts(names)
    left = _words_left(parts)
    groups = _groups_left({part for part in parts if part.isdigit()})
    separator = _separator(names)
    for count in range(min(max(words, LEAST_WORDS), MOST_WORDS), MOST_WORDS + 1):
        if (
            left
            and groups
            and (enough := Recipe(left, count, groups, separator)).bits >= LEAST_BITS
        ):
            return enough
    raise PasswordImpossible("the person's names leave too few words for a password")


def _parts(names: Sequence[str]) -> frozenset[str]:
    """The runs of letters and of digits in the names, without case and accents.

    A forbidden part of a name, were it in a password, would lie within one word or one group of
    digits, as no name has our separator; so it would be one of these runs.
    """
    plain = " ".join(map(_plain, names))
    runs = re.findall(r"[a-z]+|[0-9]+", plain)
    return frozenset(run for run in runs if len(run) >= _SHORTEST_NAME)


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _words_left(parts: frozenset[str]) -> Sequence[str]:
    """The words that neither hold a part of a name nor lie within one."""
    words = all_words()
    holding = {word for part in parts for word in _words_that_hold(part)}
    within = {word for part in parts for word in _pieces(part) if word in _word_set()}
    out = holding | within
    return tuple(word for word in words if word not in out) if out else words


def _words_that_hold(part: str) -> Iterator[str]:
    """Found in one long text of all words: looking into each by itself takes milliseconds."""
    text, end = _all_in_one(), 0
    while (found := text.find(part, end)) >= 0:
        start, end = text.rfind("\n", 0, found) + 1, text.find("\n", found)
        yield text[start:end]


def _pieces(part: str) -> Iterator[str]:
    """Those that are as long as a word can be."""
    for start, length in product(range(len(part)), _word_lengths()):
        yield part[start : start + length]


@cache
def _word_lengths() -> frozenset[int]:
    return frozenset(map(len, all_words()))


@cache
def _all_in_one() -> str:
    return "".join(f"{word}\n" for word in all_words())


@cache
def _word_set() -> frozenset[str]:
    return frozenset(all_words())


def _groups_left(runs: Collection[str]) -> Sequence[str]:
    """The groups of digits that neither hold a run of digits of a name nor lie within one."""
    groups = _digit_groups()
    return [each for each in groups if not any(run in each or each in run for run in runs)]


@cache
def _digit_groups() -> tuple[str, ...]:
    groups = map("".join, product(DIGITS, repeat=DIGIT_COUNT))
    return tuple(g for g in groups if not any(bad in g for bad in _OFFENSIVE_DIGITS))


def _separator(names: Sequence[str]) -> str:
    """The first that no name has: a name such as `r-canal` could lie across two words."""
    for separator in SEPARATORS:
        if not any(separator in name for name in names):
            return separator
    raise PasswordImpossible("the person's names have every separator that we know")
