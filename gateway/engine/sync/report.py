"""What became of everybody whom a directory has listed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Final, Self

MOST_TOLD: Final = 100
"""So many problems are kept to be told; the rest is counted, as memory must not grow with them."""


@dataclass
class Counts:
    """People, but for `unusable_numbers`, which counts values in the directory."""

    listed: int = 0
    added: int = 0
    changed: int = 0
    renamed: int = 0
    """Of those that were changed."""
    unchanged: int = 0
    suspended: int = 0
    unsuspended: int = 0
    """Of those that were changed."""
    left_out: int = 0
    """Not taken up: nobody can sign in with such an account, or nothing may be done for it."""
    invited: int = 0
    """Of those that were added."""
    bad: int = 0
    unusable_numbers: int = 0
    without_number: int = 0
    """The directory has nothing at all where numbers were looked for."""
    not_verified: int = 0
    """Whose number from the directory is not verified."""

    def __iadd__(self, other: Counts) -> Self:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
        return self


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that somebody has to put right in the directory. It holds no value from there."""

    username: str
    reason: str


@dataclass
class Report:
    """How a run went."""

    counts: Counts = field(default_factory=Counts)
    left_out: Counter[str] = field(default_factory=Counter)
    """How many were not taken up for each reason."""
    problems: list[Problem] = field(default_factory=list)
    untold_problems: int = 0
    suspended: list[str] = field(default_factory=list)
    """The first of those who were suspended, or would be, by their usernames."""
    would_suspend: int = 0
    """So many were not suspended, as they are too large a part of all."""
    of_people: int = 0

    def tell(self, username: str, reason: str) -> None:
        if len(self.problems) < MOST_TOLD:
            self.problems.append(Problem(username, reason))
        else:
            self.untold_problems += 1

    def name(self, username: str) -> None:
        if len(self.suspended) < MOST_TOLD:
            self.suspended.append(username)
