"""Active Directory's times, read as aware datetimes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
NEVER = 0x7FFF_FFFF_FFFF_FFFF
TICKS_IN_A_MICROSECOND = 10


def moment(filetime: int) -> datetime | None:
    """The time that a FILETIME stands for, or None where it stands for none.

    Active Directory writes "never" as 0 and as the largest number.
    Negative numbers are durations, and years past 9999 are as good as never.
    """
    if not 0 < filetime < NEVER:
        return None
    try:
        return EPOCH + timedelta(microseconds=filetime // TICKS_IN_A_MICROSECOND)
    except OverflowError:
        return None


def clock_time(generalized: str) -> datetime | None:
    """The time in an LDAP GeneralizedTime such as 20261122021113.0Z, to the second."""
    try:
        return datetime.strptime(generalized[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
