"""An installation with a history goes on counting where it was when it is upgraded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from gateway.records import schema
from gateway.records.database import Database
from gateway.records.tallies import totals
from tests.databases import fresh_postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def old_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """At the version before the counters."""
    if request.param == "sqlite":
        yield from _at_first_version(f"sqlite:///{tmp_path}/resetline.db")
    else:
        with fresh_postgresql(request.getfixturevalue("postgresql"), migrate=False) as url:
            yield from _at_first_version(url)


def _at_first_version(url: str) -> Iterator[Database]:
    database = Database(url)
    config = schema.configuration()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    yield database
    database.close()


def happened(database: Database, event: str, mode: str, reason: str) -> None:
    with database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO audit_events (at, event, mode, reason) "
                "VALUES ('2026-03-02 09:00:00', :event, :mode, :reason)"
            ),
            {"event": event, "mode": mode, "reason": reason},
        )


def test_what_happened_before_is_counted_and_what_comes_after_too(old_database: Database) -> None:
    for _ in range(3):
        happened(old_database, "reply:undelivered", "sms", "30003")
    happened(old_database, "people:imported", "cli", "added=4711")
    schema.upgrade(old_database.engine)
    happened(old_database, "reply:undelivered", "sms", "30003")
    with old_database.reading() as session:
        counted = set(totals(session))
    assert counted == {("reply:undelivered", "30003", 4), ("people:imported", "", 1)}
