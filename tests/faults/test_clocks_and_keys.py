"""Clocks disagree by minutes, and keys are rotated in the middle of a request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.seal import new_key
from simulator.active_directory import Kind
from tests.databases import skip
from tests.faults.row import Row
from tests.installation import Process, wait_for

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


@pytest.fixture
def wrong_clock(row: Row) -> Mapping[str, str]:
    """The environment that makes a process read another time of day; FAKETIME says by how much."""
    if not LIBRARIES:
        skip("needs libfaketime (Debian: libfaketime)")
    row.clocks_differ = True
    only_the_time_of_day = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
    return {"LD_PRELOAD": str(LIBRARIES[-1]), **only_the_time_of_day}


def restart(row: Row, process: Process, **environment: str) -> None:
    """With more environment; the former one is back when the row ends."""
    process.kill()
    process.environment = {**process.environment, **environment}
    process.start()
    wait_for(row.site.installation.is_ready)


@pytest.mark.parametrize("offset", ["-4m", "+4m"])
@pytest.mark.parametrize("name", ["web", "worker", "clock"])
def test_a_clock_is_wrong(name: str, offset: str, row: Row, wrong_clock: Mapping[str, str]) -> None:
    """The clock of the {name} process is wrong by {offset}."""
    person, installation = row.somebody(), row.site.installation
    process: Process = getattr(installation, name)
    before = process.environment
    restart(row, process, **wrong_clock, FAKETIME=offset)
    try:
        row.text(person)
        row.settles()
    finally:
        process.kill()
        process.environment = before
    row.ends()


def test_the_workers_clock_is_far_ahead(row: Row, wrong_clock: Mapping[str, str]) -> None:
    """The clock of the worker is an hour ahead: it takes every request for too old."""
    person, worker = row.somebody(), row.site.installation.worker
    before = worker.environment
    restart(row, worker, **wrong_clock, FAKETIME="+1h")
    try:
        row.text(person)
        row.wait_until(lambda: row.saw(person))
    finally:
        worker.kill()
        worker.environment = before
    row.ends("stale")
    assert "Nothing was changed" in row.saw(person)[-1]


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
