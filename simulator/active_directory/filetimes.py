"""Times and durations as Active Directory writes them: 100-nanosecond ticks since 1601."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NEVER = 0x7FFF_FFFF_FFFF_FFFF
"""What stands in a FILETIME that will not come."""

FOREVER = -0x8000_0000_0000_0000
"""What stands in a duration without an end, such as a lockout until somebody unlocks."""

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_TICK_PER_MICROSECOND = 10


def filetime(moment: datetime) -> int:
    """An aware datetime as ticks."""
    return _ticks(moment - _EPOCH)


def moment(ticks: int) -> datetime:
    """Ticks as an aware datetime; OverflowError past the year 9999."""
    return _EPOCH + timedelta(microseconds=ticks // _TICK_PER_MICROSECOND)


def interval(span: timedelta | None) -> int:
    """A duration as the negative number that policies hold; None is without an end."""
    return FOREVER if span is None else -_ticks(span)


def generalized_time(moment: datetime) -> str:
    """The form of whenCreated and currentTime."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S.0Z")


def _ticks(span: timedelta) -> int:
    return span // timedelta(microseconds=1) * _TICK_PER_MICROSECOND
