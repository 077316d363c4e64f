"""The web process and the clock are killed, in the worst moments; a text taken is a text kept."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from gateway.records import InboundMessage
from simulator.active_directory import Kind
from simulator.twilio.message import new_sid
from tests.faults.row import Row, Somebody
from tests.installation import wait_for


def is_kept(row: Row, sid: str) -> bool:
    with row.site.database.transaction() as session:
        return session.query(InboundMessage).filter_by(sid=sid).count() > 0


@contextmanager
def posting(
    row: Row, person: Somebody, sid: str, body: str = "RESET"
) -> Iterator[list[int | None]]:
    """A webhook is under way; what it was answered with is known at the end."""
    answers: list[int | None] = []
    poster = threading.Thread(target=lambda: answers.append(row.post(person, body, sid=sid)))
    poster.start()
    try:
        yield answers
    finally:
        poster.join(20)


@contextmanager
def database_locked(row: Row) -> Iterator[None]:
    locked = sqlite3.connect(row.site.database.engine.url.database or "", isolation_level=None)
    locked.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        locked.close()


def test_the_web_is_killed_before_its_commit(row: Row) -> None:
    """The web is killed before its commit; the carrier delivers the text again."""
    person, sid = row.somebody(), new_sid()
    with database_locked(row), posting(row, person, sid) as answers:
        time.sleep(0.5)
        row.site.installation.web.kill()
    assert answers == [None]
    assert not is_kept(row, sid)
    row.site.mend()
    assert row.post(person, sid=sid) == 200
    row.ends()


def test_the_web_is_killed_between_commit_and_ring(row: Row) -> None:
    """The web is killed between its commit and the ring; the carrier never heard an answer."""
    person, sid, row.rings = row.somebody(), new_sid(), False
    row.site.redis_lines["web"].hang()
    with posting(row, person, sid) as answers:
        wait_for(lambda: is_kept(row, sid))
        row.site.installation.web.kill()
    assert answers == [None]
    row.ends()


def test_the_web_is_killed_after_the_ring(row: Row) -> None:
    """The web is killed after the ring, before its answer; the carrier delivers the text again."""
    person, sid = row.somebody(), new_sid()
    row.site.redis_lines["web"].swallow_answers()
    with posting(row, person, sid) as answers:
        wait_for(lambda: is_kept(row, sid))
        row.site.installation.web.kill()
    assert answers == [None]
    row.site.mend()
    assert row.post(person, sid=sid) == 200
    row.ends()
    assert len(row.states(person)) == 1


def test_the_web_is_down(row: Row) -> None:
    """The web is down: the carrier hears no answer, and delivers the text when it is back."""
    person, sid = row.somebody(), new_sid()
    row.site.installation.web.kill()
    assert row.post(person, sid=sid) is None
    row.site.mend()
    assert row.post(person, sid=sid) == 200
    row.ends()


def test_the_clock_is_dead(row: Row) -> None:
    """The clock is dead: the doorbell is enough."""
    person = row.somebody()
    row.site.installation.clock.kill()
    row.text(person)
    row.settles("done", "sent")
    row.ends()


def test_the_clock_is_killed_in_the_middle_of_a_sweep(row: Row) -> None:
    """The clock is killed in the middle of a sweep, while it does the work of a worker."""
    person, server = row.somebody(), row.site.office.server
    server.faults.refuse_connections()
    row.text(person)
    wait_for(lambda: row.site.installation.requests(person.username)[-1].admitted_at)
    for line in row.site.redis_lines.values():
        line.refuse()
    server.faults.clear()
    server.forget_operations()
    server.faults.hang(Kind.MODIFY, applied=True)
    wait_for(lambda: server.count(Kind.MODIFY) > 0)
    row.site.installation.clock.kill()
    row.site.age([person.username], seconds=31)
    row.ends()
    assert len(row.saw(person)) == 1


def test_everything_is_killed_at_once(row: Row) -> None:
    """Every process is killed at once, as when the power fails, with five people waiting."""
    people = [row.somebody() for _ in range(5)]
    with ThreadPoolExecutor(5) as at_once:
        list(at_once.map(row.post, people))
    for process in row.site.installation.processes:
        process.signal(signal.SIGKILL)
    for process in row.site.installation.processes:
        process.kill()
    row.site.age([person.username for person in people], seconds=31)
    row.ends("done", "sent")
