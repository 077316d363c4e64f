"""A scheduled synchronization: rung for in time, held by one, and repeated after a crash."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from directory.errors import DirectoryMisconfigured, DirectoryUnreachable, Refusal
from directory.people import Listed
from gateway.engine.doorbell import JobName
from gateway.engine.sync.syncing import (
    AGAIN,
    LEASE,
    SyncFailed,
    Syncing,
    SyncOvertaken,
    Task,
    ToldToStop,
)
from gateway.records import AuditEvent, DirectoryRecord, Organization, Person, Sync
from gateway.records.syncs import take_sync
from tests.fakes import Crash
from tests.gateway.engine.sync.conftest import account, disabled
from tests.world import World

EVERY = timedelta(minutes=60)


@pytest.fixture
def scheduled(world: World) -> World:
    """Northwind is to be synchronized every hour, and the next time in a minute."""
    schedule(world)
    return world


def schedule(world: World) -> None:
    due_at = world.clock() + timedelta(minutes=1)
    with world.database.transaction() as session:
        organization = session.scalars(select(Organization)).one()
        session.add(
            Sync(
                tenant_id=organization.tenant_id,
                organization=organization,
                options={"trust_phones": True},
                every_minutes=60,
                due_at=due_at,
                ring_at=due_at,
                created_at=world.clock(),
            )
        )
    world.directory.listing = [account("mia.keller"), account("sam.ortiz"), account("ana")]


def row(world: World) -> Sync:
    with world.database.reading() as session:
        return session.scalars(select(Sync)).one()


def usernames(world: World) -> list[str]:
    with world.database.reading() as session:
        return list(session.scalars(select(Person.username).order_by(Person.id)))


def audited(world: World) -> list[tuple[str, str, str]]:
    wanted = select(AuditEvent.event, AuditEvent.mode, AuditEvent.reason).order_by(AuditEvent.id)
    with world.database.reading() as session:
        return [(*each,) for each in session.execute(wanted)]


def later(world: World, wait: timedelta) -> None:
    """So much later the clock sweeps once, and the workers work."""
    world.clock.forward(wait.total_seconds())
    world.sweeps.run()
    world.work()


def test_it_is_rung_for_when_it_is_due_and_then_again(scheduled: World) -> None:
    later(scheduled, timedelta(seconds=59))
    assert usernames(scheduled) == ["mia.keller", "sam.ortiz"]
    later(scheduled, timedelta(seconds=1))
    assert usernames(scheduled) == ["mia.keller", "sam.ortiz", "ana"]
    now, sync = scheduled.clock(), row(scheduled)
    assert (sync.succeeded_at, sync.due_at, sync.ring_at) == (now, now + EVERY, now + EVERY)
    assert (sync.lease_until, sync.error) == (None, "")
    assert audited(scheduled)[-1] == (
        "people:synced",
        "clock",
        "added=1 changed=2 suspended=0 back=0 bad=0",
    )
    scheduled.directory.listing.append(account("bo"))
    later(scheduled, EVERY)
    assert usernames(scheduled)[-1] == "bo"


def test_a_ring_that_comes_late_or_twice_changes_nothing(scheduled: World) -> None:
    later(scheduled, timedelta(minutes=1))
    scheduled.directory.listing.append(account("bo"))
    for _ in range(2):
        scheduled.functions[JobName.SYNC](row(scheduled).id)
    scheduled.functions[JobName.SYNC](4711)
    assert "bo" not in usernames(scheduled)


def test_what_another_holds_is_left_to_it(scheduled: World) -> None:
    scheduled.clock.forward(60)
    with scheduled.database.transaction() as session:
        assert take_sync(session, row(scheduled).id, scheduled.clock(), LEASE)
    scheduled.functions[JobName.SYNC](row(scheduled).id)
    assert "ana" not in usernames(scheduled)
    later(scheduled, LEASE)
    assert "ana" in usernames(scheduled)


def test_whenever_a_worker_dies_another_does_it_after_the_lease(world: World) -> None:
    """Before and after each commit, and while the directory is asked."""
    deaths = 0
    while _dies(world, deaths + 1):
        deaths += 1
        world.begin_anew()
    assert deaths > 10


def _dies(world: World, dies_at: int) -> bool:
    """Whether the worker came to that point; in any case all is done in the end."""
    schedule(world)
    world.directory.listing[1] = account("sam.ortiz", inactive=Refusal.DISABLED)
    world.clock.forward(60)
    world.sweeps.run()
    world.failpoints.passed, world.failpoints.dies_at = 0, dies_at
    dead = False
    try:
        world.work()
    except Crash:
        dead = True
        world.restarted()
    world.failpoints.dies_at = None
    later(world, LEASE)
    assert usernames(world) == ["mia.keller", "sam.ortiz", "ana"]
    with world.database.reading() as session:
        suspended = session.scalars(select(Person.username).where(Person.suspended_at.is_not(None)))
        assert list(suspended) == ["sam.ortiz"]
    assert row(world).lease_until is None
    assert row(world).succeeded_at is not None
    return dead


@pytest.mark.parametrize(
    ("fault", "every", "wait"),
    [
        (DirectoryUnreachable("dc1: no answer"), 60, AGAIN),
        (DirectoryMisconfigured("there is no OU=Gone"), 60, AGAIN),
        (DirectoryUnreachable("dc1: no answer"), 5, timedelta(minutes=5)),
    ],
)
def test_a_run_that_failed_is_told_and_repeated(
    scheduled: World, fault: Any, every: int, wait: timedelta
) -> None:
    with scheduled.database.transaction() as session:
        session.scalars(select(Sync)).one().every_minutes = every
    scheduled.directory.faults = [fault]
    later(scheduled, timedelta(minutes=1))
    sync = row(scheduled)
    assert (sync.error, sync.succeeded_at) == (str(fault), None)
    assert sync.due_at == sync.ring_at == scheduled.clock() + wait
    assert audited(scheduled) == [("people:sync:failed", "clock", type(fault).__name__)]
    later(scheduled, wait)
    assert row(scheduled).error == ""
    assert "ana" in usernames(scheduled)


def test_an_organization_without_a_directory_is_told_so(scheduled: World) -> None:
    with scheduled.database.transaction() as session:
        session.delete(session.scalars(select(DirectoryRecord)).one())
    later(scheduled, timedelta(minutes=1))
    assert "has no directory" in row(scheduled).error


def test_too_many_suspensions_wait_for_somebody_to_say_so(scheduled: World) -> None:
    people = [account(f"user{number}") for number in range(20)]
    scheduled.directory.listing = list(people)
    later(scheduled, timedelta(minutes=1))
    succeeded_at = row(scheduled).succeeded_at
    scheduled.directory.listing = [*map(disabled, people[:12]), *people[12:], account("bo")]
    later(scheduled, EVERY)
    assert row(scheduled).succeeded_at == succeeded_at, "so that monitoring sees it"
    assert row(scheduled).due_at == scheduled.clock() + EVERY
    assert "bo" in usernames(scheduled)
    assert row(scheduled).error.startswith("nobody was suspended, because 12 of 20 people would")
    assert audited(scheduled)[-1] == (
        "people:sync:suspensions_refused",
        "clock",
        "12 of 20",
    )


def test_the_clock_leaves_it_to_the_workers_also_without_redis(scheduled: World) -> None:
    """It may take minutes, and people wait for their texts."""
    scheduled.doorbell.silent = True
    later(scheduled, timedelta(minutes=1))
    assert "ana" not in usernames(scheduled)
    scheduled.doorbell.silent = False
    later(scheduled, timedelta(seconds=15))
    assert "ana" in usernames(scheduled)


def test_who_was_overtaken_stops_between_two_pages(scheduled: World) -> None:
    """It stood still for longer than its lease; the other run knows nothing of it."""

    def overtakes() -> Iterator[Listed]:
        yield from list(scheduled.directory.listing)
        scheduled.clock.forward(LEASE.total_seconds())
        with scheduled.database.transaction() as session:
            assert take_sync(session, row(scheduled).id, scheduled.clock(), LEASE)

    task = held(scheduled)
    scheduled.directory.tells = overtakes
    with pytest.raises(SyncOvertaken):
        scheduled.syncing.carry_out(task, mode="clock")
    assert "ana" not in usernames(scheduled)
    assert row(scheduled).attempt == task.attempt + 1
    assert row(scheduled).lease_until is not None, "it is the other's"


def test_who_was_overtaken_at_the_very_end_leaves_the_row_to_the_other(scheduled: World) -> None:
    def overtake(_count: int) -> None:
        scheduled.clock.forward(LEASE.total_seconds())
        with scheduled.database.transaction() as session:
            assert take_sync(session, row(scheduled).id, scheduled.clock(), LEASE)

    scheduled.syncing.carry_out(held(scheduled), mode="clock", progress=overtake)
    assert row(scheduled).lease_until == scheduled.clock() + LEASE
    assert row(scheduled).succeeded_at is None


def test_a_worker_that_is_to_stop_puts_it_back(scheduled: World) -> None:
    task = held(scheduled)
    scheduled.syncing.stop()
    with pytest.raises(ToldToStop):
        scheduled.syncing.carry_out(task, mode="clock")
    sync = row(scheduled)
    assert (sync.lease_until, sync.error) == (None, "it was broken off")
    assert sync.due_at == scheduled.clock()
    scheduled.restarted()
    later(scheduled, timedelta())
    assert "ana" in usernames(scheduled)


def test_an_error_that_nobody_foresaw_lets_it_go(scheduled: World) -> None:
    def broken() -> Iterator[Listed]:
        raise ZeroDivisionError

    scheduled.directory.tells = broken
    later(scheduled, timedelta(minutes=1))
    assert (row(scheduled).lease_until, row(scheduled).error) == (None, "it was broken off")


def test_options_that_a_newer_version_has_written_are_passed_over(scheduled: World) -> None:
    with scheduled.database.transaction() as session:
        session.scalars(select(Sync)).one().options = {"trust_phones": True, "later": 1}
    assert held(scheduled).wishes.trust_phones


def test_a_worker_does_other_work_meanwhile_and_runs_one_at_a_time(scheduled: World) -> None:
    """A large directory takes minutes, and no text is to wait for it."""
    goes_on, begun = threading.Event(), threading.Event()
    listing = list(scheduled.directory.listing)

    def slow() -> Iterator[Listed]:
        begun.set()
        assert goes_on.wait(10)
        yield from listing

    scheduled.directory.tells = slow
    syncing = Syncing(
        scheduled.database,
        scheduled.seal,
        scheduled.clock,
        connect=lambda _kind, _settings: scheduled.directory,
    )
    scheduled.clock.forward(60)
    syncing.begin(row(scheduled).id)
    assert begun.wait(10)
    syncing.begin(4711)
    assert "ana" not in usernames(scheduled)
    goes_on.set()
    threads = [each for each in threading.enumerate() if each.name == "sync"]
    for thread in threads:
        thread.join(10)
    assert len(threads) == 1
    assert "ana" in usernames(scheduled)


def held(world: World) -> Task:
    with world.database.transaction() as session:
        taken = take_sync(session, row(world).id, world.clock(), LEASE)
        assert taken is not None
        return Task.of(taken)


def test_nothing_is_suspended_by_a_run_that_fails(scheduled: World) -> None:
    task = held(scheduled)
    scheduled.directory.listing = []
    with pytest.raises(SyncFailed, match="lists nobody"):
        scheduled.syncing.carry_out(task, mode="cli")
