"""A lease is held by one at a time, runs out by the database's time, and can be given back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import update

from gateway.engine.clock import LEASE, Turn, name_of_this_process
from gateway.records import Lease
from gateway.records.database import Database
from gateway.records.leases import LONGEST_HOLDER, let_go, take_lease

LENGTH = timedelta(seconds=30)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def take(database: Database, holder: str, name: str = "clock") -> bool:
    with database.transaction() as session:
        return take_lease(session, name, holder, LENGTH)


def put_forward(database: Database, change: timedelta) -> None:
    """As if the leases had been taken so much later, or earlier."""
    with database.transaction() as session:
        for lease in session.query(Lease):
            session.execute(update(Lease).values(until=lease.until + change))


def test_a_lease_is_kept_and_renewed_until_it_has_run_out(database: Database) -> None:
    assert take(database, "one")
    assert take(database, "one")
    assert not take(database, "two")
    put_forward(database, -LENGTH - timedelta(seconds=1))
    assert take(database, "two")
    assert not take(database, "one")


def test_another_lease_is_another_matter(database: Database) -> None:
    assert take(database, "one", "clock")
    assert take(database, "two", "something else")


def test_a_lease_that_was_given_back_is_free_at_once(database: Database) -> None:
    assert take(database, "one")
    with database.transaction() as session:
        let_go(session, "clock", "two")
    assert not take(database, "two"), "nobody gives back what another holds"
    with database.transaction() as session:
        let_go(session, "clock", "one")
    assert take(database, "two")


def test_of_many_who_try_at_once_one_gets_it(database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        got = list(threads.map(lambda number: take(database, f"host{number}"), range(8)))
    assert got.count(True) == 1


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_host_whose_clock_is_minutes_wrong_takes_nothing_from_another(
    database: Database, minutes: int
) -> None:
    assert take(database, "one")
    with time_machine.travel(timedelta(minutes=minutes)):
        assert not take(database, "two")
        assert take(database, "one")
    assert not take(database, "two")


def test_after_a_failover_to_a_slower_clock_nobody_waits_for_minutes(database: Database) -> None:
    assert take(database, "one")
    put_forward(database, timedelta(minutes=3))
    assert take(database, "two")


def test_of_two_clocks_one_sweeps_until_it_passes_its_turn_on(database: Database) -> None:
    one, two = Turn(database), Turn(database)
    assert one.take()
    assert not two.take()
    one.pass_on()
    assert two.take()
    assert not one.take()


def test_a_process_is_named_in_a_way_that_fits_and_is_its_own() -> None:
    assert len({name_of_this_process() for _ in range(5)}) == 5
    assert len(name_of_this_process()) <= LONGEST_HOLDER
    assert LEASE.total_seconds() > 10
