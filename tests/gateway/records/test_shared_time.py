"""Hosts whose clocks differ share the database's time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from gateway.records.database import Database, DatabaseUnavailable
from gateway.records.shared_time import SharedTime

AN_HOUR = timedelta(hours=1)


class WrongHost:
    """Its own clock is an hour ahead, and its monotonic clock is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def wall(self) -> datetime:
        return datetime.now(UTC) + AN_HOUR

    def monotonic(self) -> float:
        return self.seconds


@contextmanager
def shared(url: str, host: WrongHost) -> Iterator[SharedTime]:
    database = Database(url)
    yield SharedTime(database, wall=host.wall, monotonic=host.monotonic)
    database.close()


def test_a_host_that_is_an_hour_off_goes_by_the_database(database_url: str) -> None:
    with shared(database_url, WrongHost()) as time:
        told = time()
    if database_url.startswith("sqlite"):
        assert told - datetime.now(UTC) > AN_HOUR / 2, "one machine has one time"
    else:
        assert abs(told - datetime.now(UTC)) < AN_HOUR / 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_between_two_readings_time_goes_on_by_itself(database_url: str) -> None:
    host = WrongHost()
    with shared(database_url, host) as time:
        before = time()
        host.seconds += 10
        assert time() - before == timedelta(seconds=10)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_while_the_database_is_away_the_last_reading_is_carried_on(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_database: Database) -> None:
        raise DatabaseUnavailable("away")

    host = WrongHost()
    with shared(database_url, host) as time:
        before = time()
        monkeypatch.setattr(Database, "reading", away)
        host.seconds += 60
        assert time() - before == timedelta(seconds=60)


def test_with_no_database_at_all_the_hosts_own_time_is_better_than_none() -> None:
    with shared("postgresql+psycopg://nobody@/none?host=/nowhere", WrongHost()) as time:
        assert time() - datetime.now(UTC) > AN_HOUR / 2
