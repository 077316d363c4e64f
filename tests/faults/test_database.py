"""The database is locked, full, stopped or cut off: what was not kept is not said to be kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from simulator.active_directory import Kind
from simulator.twilio.message import new_sid
from tests.databases import skip
from tests.faults.row import Row
from tests.faults.test_web_and_clock import database_locked, is_kept
from tests.installation import wait_for

PIECE = b"\0" * 65536


def test_the_database_is_locked(row: Row) -> None:
    """The database is locked (SQLite): the carrier is told to try again."""
    person, sid = row.somebody(), new_sid()
    with database_locked(row):
        assert row.post(person, sid=sid) == 503
    assert row.post(person, sid=sid) == 200
    row.ends()


def test_the_disk_is_full(row: Row, small_disk: Path) -> None:
    """The disk of the database is full (SQLite): the carrier is told to try again."""
    if not small_disk.is_mount():
        skip("needs root: the database is put on a small disk of its own")
    person, other, sid = row.somebody(), row.somebody(), new_sid()
    row.text(other)
    row.settles()
    with disk_full(row, small_disk):
        assert row.post(person, sid=sid) == 503
    assert row.post(person, sid=sid) == 200
    row.ends()


@contextmanager
def disk_full(row: Row, disk: Path) -> Iterator[None]:
    """The write-ahead log is emptied first, so that the next commit needs more disk."""
    with row.site.database.engine.connect() as connection:
        connection.commit()
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while file.write(PIECE) == len(PIECE):
            pass
    try:
        yield
    finally:
        ballast.unlink()


def test_the_disk_is_full_while_the_worker_works(row: Row, small_disk: Path) -> None:
    """The disk becomes full while a worker sets a password (SQLite)."""
    if not small_disk.is_mount():
        skip("needs root: the database is put on a small disk of its own")
    person, server = row.somebody(), row.site.office.server
    server.forget_operations()
    server.faults.hang(Kind.MODIFY, applied=True)
    row.text(person)
    wait_for(lambda: server.count(Kind.MODIFY) > 0)
    with disk_full(row, small_disk):
        server.faults.clear()
        wait_for(lambda: "job.failed" in worker_log(row))
    row.site.age([person.username], seconds=31)
    row.ends()
    assert len(row.saw(person)) == 1


def test_the_database_is_stopped(row_on_postgresql: Row) -> None:
    """The database is stopped (PostgreSQL): the carrier is told to try again."""
    row = row_on_postgresql
    person, sid = row.somebody(), new_sid()
    assert row.site.postgresql
    row.site.postgresql.stop()
    assert row.post(person, sid=sid) == 503
    row.site.postgresql.start()
    assert row.post(person, sid=sid) == 200
    row.ends()


def test_the_database_is_restarted_under_load(row_on_postgresql: Row) -> None:
    """The database is restarted while eight people text (PostgreSQL)."""
    row = row_on_postgresql
    people = [(row.somebody(), new_sid()) for _ in range(8)]
    assert row.site.postgresql
    with ThreadPoolExecutor(8) as at_once:
        answers = [at_once.submit(row.post, person, sid=sid) for person, sid in people]
        row.site.postgresql.stop()
        row.site.postgresql.start()
    assert {answer.result() for answer in answers} <= {200, 503, None}
    row.site.mend()
    for person, sid in people:
        assert row.post(person, sid=sid) == 200
    row.site.age([person.username for person, _ in people], seconds=31)
    row.ends("done", "sent")
    assert all(len(row.states(person)) == 1 for person, _ in people)


@pytest.mark.parametrize("how", ["after", "before"])
def test_a_commit_whose_outcome_is_unknown(how: str, row_on_postgresql: Row) -> None:
    """The web loses the database {how} its commit arrives: the carrier delivers again."""
    row = row_on_postgresql
    person, sid = row.somebody(), new_sid()
    line = row.site.database_lines["web"]
    line.cut_at(b"COMMIT", passed=how == "after")
    assert row.post(person, sid=sid) == 503
    assert line.times_cut == 1
    assert is_kept(row, sid) == (how == "after")
    assert row.post(person, sid=sid) == 200
    row.ends()
    assert len(row.states(person)) == 1


@pytest.mark.parametrize("times", [1, 2, 3, 4])
@pytest.mark.parametrize("how", ["after", "before"])
def test_the_worker_loses_the_database(how: str, times: int, row_on_postgresql: Row) -> None:
    """The worker loses the database {how} its commit no. {times} of a reset arrives."""
    row = row_on_postgresql
    person = row.somebody()
    line = row.site.database_lines["worker"]
    line.cut_at(b"COMMIT", passed=how == "after", skip=times - 1)
    row.text(person)
    wait_for(lambda: line.times_cut == 1)
    wait_for(lambda: "job.failed" in worker_log(row) or row.states(person) == ["done"])
    row.site.age([person.username], seconds=31)
    row.ends()
    assert len(row.saw(person)) <= 2


def worker_log(row: Row) -> str:
    return row.site.installation.worker.log.read_text()


def test_a_deploy_restarts_everything_under_load(row_on_postgresql: Row) -> None:
    """A deploy restarts every process while eight people text."""
    row = row_on_postgresql
    installation = row.site.installation
    people = [(row.somebody(), new_sid()) for _ in range(8)]
    with ThreadPoolExecutor(4) as at_once:
        answers = [at_once.submit(row.post, person, sid=sid) for person, sid in people]
        for process in installation.processes:
            assert process.stop() == 0
    assert {answer.result() for answer in answers} <= {200, 503, None}
    row.site.mend()
    for person, sid in people:
        assert row.post(person, sid=sid) == 200
    row.ends("done", "sent")
    assert all(len(row.saw(person)) == 1 for person, _ in people)


def test_the_database_is_slow(row_on_postgresql: Row) -> None:
    """The database takes a tenth of a second longer for each answer (PostgreSQL)."""
    row = row_on_postgresql
    person = row.somebody()
    for line in row.site.database_lines.values():
        line.delay(0.1)
    row.text(person)
    row.settles("done", "sent")
    row.ends()
