"""Clocks disagree by minutes, and keys are rotated in the middle of a request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.seal import new_key
from simulator.active_directory import Kind
from tests.faults.row import Row
from tests.installation import Process, wait_for

WRONG_CLOCK = Path(__file__).parent / "wrong_clock"


def wrong_by(row: Row, minutes: int) -> Mapping[str, str]:
    """The environment that makes a process of ours read another time of day."""
    row.clocks_differ = True
    path = os.pathsep.join(filter(None, [str(WRONG_CLOCK), os.environ.get("PYTHONPATH", "")]))
    return {"PYTHONPATH": path, "CLOCK_WRONG_BY_MINUTES": str(minutes)}


def restart(row: Row, process: Process, **environment: str) -> None:
    """With more environment; the former one is back when the row ends."""
    process.kill()
    process.environment = {**process.environment, **environment}
    process.start()
    wait_for(row.site.installation.is_ready)


@pytest.mark.parametrize("minutes", [-4, 4])
@pytest.mark.parametrize("name", ["web", "worker", "clock"])
def test_a_clock_is_wrong(name: str, minutes: int, row: Row) -> None:
    """The clock of the {name} process is wrong by {minutes} minutes."""
    person, installation = row.somebody(), row.site.installation
    process: Process = getattr(installation, name)
    before = process.environment
    restart(row, process, **wrong_by(row, minutes))
    try:
        if name == "clock":
            row.rings = False
            row.site.redis_lines["web"].refuse()
        row.text(person)
        if name == "clock" and minutes < 0:  # it rings so much later
            row.site.age([person.username], minutes=-minutes)
        row.settles()
    finally:
        process.kill()
        process.environment = before
    row.ends()


def test_the_workers_clock_is_far_ahead(row: Row) -> None:
    """The clock of the worker is an hour ahead: it takes every request for too old."""
    person, worker = row.somebody(), row.site.installation.worker
    before = worker.environment
    restart(row, worker, **wrong_by(row, 60))
    try:
        row.text(person)
        row.wait_until(lambda: row.saw(person))
        wait_for(lambda: "reply.accepted" in worker.log.read_text().splitlines()[-1])
    finally:
        worker.kill()
        worker.environment = before
    row.ends("stale")
    assert "Nothing was changed" in row.saw(person)[-1]


def test_a_hosts_clock_is_an_hour_ahead_of_the_databases(row_on_postgresql: Row) -> None:
    """A worker's host is an hour ahead (PostgreSQL): it goes by the database's time."""
    row = row_on_postgresql
    person, worker = row.somebody(), row.site.installation.worker
    before = worker.environment
    restart(row, worker, **wrong_by(row, 60))
    try:
        row.text(person)
        row.settles()
    finally:
        worker.kill()
        worker.environment = before
    row.ends()
    assert "time.differs" in worker.log.read_text()


def test_keys_are_rotated_in_the_middle_of_a_request(row: Row) -> None:
    """The keys are rotated after a password was sealed and before its text was sent."""
    person, server = row.somebody(), row.site.office.server
    worker = row.site.installation.worker
    before = worker.environment
    server.forget_operations()
    server.faults.hang(Kind.MODIFY, applied=True)
    row.text(person)
    wait_for(lambda: server.count(Kind.MODIFY) > 0)
    worker.kill()
    server.faults.clear()
    row.site.age([person.username], seconds=31)
    restart(row, worker, SECRET_KEYS=f"{new_key()},{before['SECRET_KEYS']}")
    try:
        row.settles()
    finally:
        worker.kill()
        worker.environment = before
    row.ends()
    assert len(row.saw(person)) == 1
