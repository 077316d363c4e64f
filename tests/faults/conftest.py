"""Two installations to break, on SQLite and on PostgreSQL, and the table of what was seen."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import postgresql_server
from tests.databases import skip
from tests.faults import table
from tests.faults.postgresql import server
from tests.faults.row import Row
from tests.faults.site import STAFF, Site, site_on

HERE = Path(__file__).parent
NO_ROWS = {"test_invariants.py"}
DISK_MEGABYTES = 24
OUTCOMES: dict[str, str] = {}
ROWS: list[table.Line] = []


@pytest.fixture(scope="package")
def small_disk() -> Iterator[Path]:
    """A folder that can be filled to the brim: a small disk of its own where we may make one."""
    with tempfile.TemporaryDirectory(prefix="resetline-disk-") as name:
        options = ("-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", name)
        mounted = os.geteuid() == 0 and subprocess.run(["mount", *options]).returncode == 0
        try:
            yield Path(name)
        finally:
            if mounted:
                subprocess.run(["umount", "--lazy", name], check=True)


@pytest.fixture(scope="package")
def site(small_disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """On SQLite."""
    folder = tmp_path_factory.mktemp("on-sqlite")
    with site_on(folder, f"sqlite:///{small_disk}/resetline.db") as site:
        yield site


@pytest.fixture
def row(site: Site, request: pytest.FixtureRequest) -> Iterator[Row]:
    """One fault on SQLite. What was broken works again for the next one."""
    yield from _row(site, request)


@pytest.fixture(scope="package")
def site_on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """On a PostgreSQL of its own, which rows may stop."""
    if reason := postgresql_server.missing():
        skip(reason)
    folder, staff = tmp_path_factory.mktemp("on-postgresql"), dict(list(STAFF.items())[:40])
    with server() as running, site_on(folder, running.maintenance_url, staff) as site:
        site.postgresql = running
        yield site


@pytest.fixture
def row_on_postgresql(site_on_postgresql: Site, request: pytest.FixtureRequest) -> Iterator[Row]:
    """The same on PostgreSQL."""
    yield from _row(site_on_postgresql, request)


def _row(site: Site, request: pytest.FixtureRequest) -> Iterator[Row]:
    row = Row(site)
    try:
        yield row
    finally:
        site.mend()
        _remember(request.node, row)
    passed = OUTCOMES.get(request.node.nodeid) == "passed"
    assert row.held or not passed, "a row ends with row.ends(), which looks at the promises"


def _remember(item: pytest.Item, row: Row) -> None:
    item.user_properties.append(("saw", table.seen(row.saw(person) for person in row.people)))
    item.user_properties.append(("held", " ".join(row.held)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is a row, but for those of its tools."""
    for item in items:
        if isinstance(item, pytest.Function) and item.path.parent == HERE:
            _name(item)


def _name(item: pytest.Function) -> None:
    if item.path.name in NO_ROWS:
        return
    called = getattr(item, "callspec", None)
    sentence = item.function.__doc__ or ""
    fault = table.fault_of(sentence, item.originalname, called.params if called else {})
    item.user_properties.append(("fault", fault))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """The last report of a test has all that was remembered."""
    told = dict(report.user_properties)
    if report.when == "call":
        OUTCOMES[report.nodeid] = report.outcome
    if report.when == "teardown" and "fault" in told:
        passed = OUTCOMES.get(report.nodeid) == report.outcome == "passed"
        held = str(told.get("held", "")) or "its own assertions"
        saw = str(told.get("saw", "")) or "see the test"
        ROWS.append(table.Line(str(told["fault"]), saw, held if passed else "NOT SEEN TO HOLD"))


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int) -> None:
    """FAULTS=print prints the table; FAULTS=write also puts it into the document.

    Only a whole run in which everything held is written.
    """
    wish = os.environ.get("FAULTS")
    if not wish or not ROWS:
        return
    terminalreporter.write_sep("=", "faults")
    terminalreporter.write_line(table.drawn(ROWS))
    if wish == "write" and exitstatus == 0 and "deselected" not in terminalreporter.stats:
        table.write(table.drawn(ROWS))


def pytest_collection_finish(session: pytest.Session) -> None:
    """With --collect-only and FAULTS=names, the faults are named and nothing is broken."""
    if os.environ.get("FAULTS") == "names":
        for item in session.items:
            for name, value in item.user_properties:
                if name == "fault":
                    print(f"fault: {value}")  # noqa: T201  (for another process to read)
