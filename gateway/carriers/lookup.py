"""Who can tell what kind of line a number is, and when its SIM was last changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class LineType(StrEnum):
    """As far as it matters whether whoever holds the phone also holds the number."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    VOIP = "voip"
    OTHER = "other"
    """Toll-free, premium, a pager: known, and nobody's own mobile phone."""


@dataclass(frozen=True, slots=True)
class SimSwap:
    """When a number got its SIM. Some carriers tell the time, others only yes or no."""

    last_at: datetime | None = None
    was_within: timedelta | None = None
    """How far back a carrier looks that tells no time; None where it does, or tells nothing."""
    was_swapped: bool | None = None
    """Whether it was, within that time; None where a carrier tells nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. Each costs money, so nothing is asked for that nobody wants to know."""

    line_type: bool
    sim_swap: bool


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What was told. None where it is not known, or was not asked for."""

    line_type: LineType | None = None
    sim_swap: SimSwap | None = None
    code: int | None = None
    """The carrier's own number for why something is missing."""


class WhyNot(StrEnum):
    """Why nothing was told at all."""

    UNAVAILABLE = "unavailable"
    """Out of reach, too slow, asked too often, or with a fault of its own."""
    NOT_ALLOWED = "not_allowed"
    """The account, its key or what it may ask for: an operator has to act."""
    REFUSED = "refused"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class LookupFailed:
    """Nothing was told. `code` is the carrier's own number, or None."""

    why: WhyNot
    code: int | None = None


class NumberLookup(Protocol):
    """Asked before a password is texted, where the policy wants it."""

    def look(self, number: str, wanted: Wanted) -> LookedUp | LookupFailed:
        """Tell of a number in E.164. Never raises, and is done within seconds."""
        ...
