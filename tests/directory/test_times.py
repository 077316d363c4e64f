"""Active Directory's times: every number is read, and none of them is an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.active_directory.times import EPOCH, NEVER, clock_time, moment

LAST_TICK_OF_9999 = (datetime.max.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) * 10


@pytest.mark.parametrize(
    "filetime", [0, -1, NEVER, NEVER + 1, -NEVER - 1, -36288000000000, LAST_TICK_OF_9999 + 10]
)
def test_what_stands_for_never_is_no_time(filetime: int) -> None:
    assert moment(filetime) is None


@pytest.mark.parametrize(
    ("filetime", "expected"),
    [
        (1, EPOCH),
        (116444736000000000, datetime(1970, 1, 1, tzinfo=UTC)),
        (134397870724432840, datetime(2026, 11, 22, 2, 11, 12, 443284, tzinfo=UTC)),
        (LAST_TICK_OF_9999, datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_filetime_is_read_to_the_microsecond(filetime: int, expected: datetime) -> None:
    assert moment(filetime) == expected


@given(st.integers())
def test_any_number_is_a_time_or_none(filetime: int) -> None:
    read = moment(filetime)
    assert read is None or read.utcoffset() == timedelta(0)


@given(st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=3_000_000)))
def test_a_time_survives_the_way_there_and_back(since: timedelta) -> None:
    assert moment(since // timedelta(microseconds=1) * 10) == EPOCH + since


@given(st.integers(min_value=1, max_value=LAST_TICK_OF_9999 - 10), st.integers(min_value=0))
def test_a_larger_number_is_never_an_earlier_time(filetime: int, more: int) -> None:
    earlier, later = moment(filetime), moment(filetime + more)
    assert earlier is not None
    assert later is None or later >= earlier


def test_a_clock_is_read_to_the_second() -> None:
    assert clock_time("20261122021113.0Z") == datetime(2026, 11, 22, 2, 11, 13, tzinfo=UTC)


@given(st.text())
def test_a_clock_that_tells_nonsense_tells_nothing(text: str) -> None:
    read = clock_time(text)
    assert read is None or read.tzinfo is UTC
