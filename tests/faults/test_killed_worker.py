"""Workers die, sleep and come twice; whoever comes next ends it with one true answer."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.records.database import DatabaseUnavailable
from simulator.active_directory import Kind
from tests.faults.row import Row, Somebody
from tests.faults.test_redis import queue_is_empty, ring_often
from tests.installation import Process, wait_for


@dataclass(frozen=True)
class Death:
    """Where a worker dies: how it is made to stand there, and how to see that it does."""

    arrange: Callable[[Row], None]
    stands_there: Callable[[Row, Somebody], bool]


def asked(kind: Kind) -> Callable[[Row, Somebody], bool]:
    return lambda row, _: row.site.office.server.count(kind) > 0


def is_being_sent(row: Row, person: Somebody) -> bool:
    return row.site.installation.sending(person.number)


def was_taken(row: Row, person: Somebody) -> bool:
    return len(row.saw(person)) > 0


AFTER_TAKING = "while it sends the text, after the carrier has taken it"
DEATHS: Mapping[str, Death] = {
    "while it signs in to the directory": Death(
        lambda row: row.site.office.server.faults.hang(Kind.BIND), asked(Kind.BIND)
    ),
    "while it looks the account up": Death(
        lambda row: row.site.office.server.faults.hang(Kind.SEARCH), asked(Kind.SEARCH)
    ),
    "while it sets the password, before the directory has done so": Death(
        lambda row: row.site.office.server.faults.hang(Kind.MODIFY), asked(Kind.MODIFY)
    ),
    "while it sets the password, after the directory has done so": Death(
        lambda row: row.site.office.server.faults.hang(Kind.MODIFY, applied=True),
        asked(Kind.MODIFY),
    ),
    "while it sends the text, before the carrier has taken it": Death(
        lambda row: row.site.installation.carrier.faults.answer("hang", seconds=20),
        is_being_sent,
    ),
    AFTER_TAKING: Death(
        lambda row: row.site.installation.carrier.faults.answer("hang", accepted=True, seconds=20),
        was_taken,
    ),
}


def bring_to(
    death: Death, row: Row, person: Somebody, worker: Process, *, body: str = "RESET"
) -> None:
    """The worker stands at the step; a fresh one, so that it has to sign in as well."""
    row.site.office.server.forget_operations()
    death.arrange(row)
    row.site.installation.worker.kill()
    worker.start()
    row.text(person, body)
    wait_for(lambda: death.stands_there(row, person))


def lose_lease(row: Row) -> None:
    row.site.age([person.username for person in row.people], seconds=31)


@pytest.mark.parametrize("where", DEATHS)
def test_a_worker_is_killed(where: str, row: Row) -> None:
    """A worker is killed {where}."""
    person, worker = row.somebody(), row.site.installation.worker
    bring_to(DEATHS[where], row, person, worker)
    worker.kill()
    lose_lease(row)
    row.ends()
    assert len(row.saw(person)) <= 2


@pytest.mark.parametrize("where", list(DEATHS)[2:])
def test_a_worker_sleeps_past_its_lease(where: str, row: Row) -> None:
    """A worker sleeps past its lease {where}; another ends it, and the sleeper changes nothing."""
    person, sleeper = row.somebody(), row.site.another(row.site.installation.worker)
    bring_to(DEATHS[where], row, person, sleeper)
    sleeper.signal(signal.SIGSTOP)
    lose_lease(row)
    row.site.office.server.faults.clear()
    row.site.installation.carrier.faults.clear()
    row.site.installation.worker.start()
    row.settles()
    sleeper.signal(signal.SIGCONT)
    wait_for(lambda: "overtaken" in sleeper.log.read_text())
    row.ends()
    assert len(row.saw(person)) <= 2


def test_a_worker_sleeps_between_sealing_and_setting(row_on_postgresql: Row) -> None:
    """A worker sleeps after it has sealed a password; another sets and sends it, then it wakes."""
    row = row_on_postgresql
    person, worker = row.somebody(), row.site.installation.worker
    line, server = row.site.database_lines["worker"], row.site.office.server
    worker.kill()
    worker.start()
    server.forget_operations()
    line.hold_at(b"COMMIT", after=b"SET sealed_password=")
    row.text(person)
    wait_for(lambda: line.is_holding)
    lose_lease(row)
    row.site.another(worker, DATABASE_URL=row.site.installation.database_url).start()
    row.settles()
    assert server.count(Kind.MODIFY) == 1
    line.clear()
    wait_for(lambda: server.count(Kind.MODIFY) == 2)
    wait_for(lambda: "overtaken" in worker.log.read_text())
    row.ends()
    assert len(row.saw(person)) == 1


def test_a_copy_that_nobody_was_told_of(row: Row) -> None:
    """A worker is killed once the carrier has taken the text, and every report of it is lost."""
    person, carrier = row.somebody(), row.site.installation.carrier
    carrier.faults.lose_callbacks(len(("sent", "delivered")))
    bring_to(DEATHS[AFTER_TAKING], row, person, row.site.installation.worker)
    row.site.installation.worker.kill()
    wait_for(lambda: [each.status for each in carrier.texts_to(person.number)] == ["delivered"])
    lose_lease(row)
    row.ends()
    assert len(row.saw(person)) == 2


def test_a_worker_is_killed_before_it_has_begun(row: Row) -> None:
    """A worker is killed with the ring in its hands, before it has begun."""
    person, worker, row.rings = row.somebody(), row.site.installation.worker, False
    worker.signal(signal.SIGSTOP)
    row.text(person)
    worker.signal(signal.SIGKILL)
    row.ends()
    assert len(row.saw(person)) == 1


def test_all_workers_are_dead_for_minutes(row: Row) -> None:
    """All workers are dead for six minutes: whoever waited is told that nothing was changed."""
    person = row.somebody()
    row.site.installation.worker.kill()
    row.text(person)
    row.site.age([person.username], minutes=6)
    row.ends("stale")
    assert "Nothing was changed" in row.saw(person)[-1]


def test_two_workers_are_rung_for_one_request(row: Row) -> None:
    """Two workers are rung for the same request at the same time, ten times."""
    person, worker = row.somebody(), row.site.installation.worker
    twin = row.site.another(worker)
    twin.start()
    wait_for(lambda: "worker.started" in twin.log.read_text())
    stop_in_peace(row, worker, twin)
    row.site.office.server.forget_operations()
    row.text(person)
    [request] = row.site.installation.requests(person.username)
    ring_often(row, request.id, times=9)
    for each in (worker, twin):
        each.signal(signal.SIGCONT)
    wait_for(lambda: queue_is_empty(row))
    row.ends()
    assert row.site.office.server.count(Kind.MODIFY) == 1
    assert len(row.saw(person)) == 1


def test_a_worker_is_told_to_stop(row: Row) -> None:
    """A worker is told to stop in the middle of its work (SIGTERM): it ends what it has begun."""
    person, server = row.somebody(), row.site.office.server
    server.faults.drip(octets=20, pause_seconds=0.01)
    server.forget_operations()
    row.text(person)
    wait_for(lambda: server.count(Kind.SEARCH) > 0)
    row.site.installation.worker.signal(signal.SIGTERM)
    row.settles()
    assert row.site.installation.worker.ended() == 0
    row.ends()
    assert len(row.saw(person)) == 1


def stop_in_peace(row: Row, *workers: Process) -> None:
    """At a moment when none of them holds SQLite's only lock: nobody else could write then."""
    for _ in range(20):
        for each in workers:
            each.signal(signal.SIGSTOP)
        wait_for(lambda: all(map(has_stopped, workers)))
        try:
            with row.site.database.transaction():
                return
        except DatabaseUnavailable:
            for each in workers:
                each.signal(signal.SIGCONT)
    raise AssertionError("a worker held the database's lock each time that it was stopped")


def has_stopped(worker: Process) -> bool:
    """Each thread stops as it leaves the kernel: until then one may still come by a lock."""
    assert worker.running
    threads = Path(f"/proc/{worker.running.pid}/task").glob("*/stat")
    try:
        return all(each.read_text().rpartition(") ")[2].startswith("T") for each in threads)
    except OSError:  # one has just ended
        return False
