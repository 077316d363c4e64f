"""An audit with a few events in it, a clock's sealing, and somebody who tampers with the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from gateway.cli.chain_faults import Fault
from gateway.cli.verifying import Verdict, verify
from gateway.engine.sealing import Sealing
from gateway.records.about import About
from gateway.records.audit import Event, record
from gateway.records.database import Database
from gateway.seal import new_key
from tests.databases import fresh_sqlite

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Audited:
    """An installation of which only the audit matters."""

    def __init__(self, url: str, keys: list[SecretStr] | None = None) -> None:
        self.url = url
        self.keys = keys or [SecretStr(new_key())]
        self.database = Database(url)
        self.now = NOW

    def happens(self, times: int = 1, reason: str = "out_of_luck") -> None:
        for number in range(times):
            with self.database.transaction() as session:
                about = About(1, 2, 30 + number, 40 + number)
                record(session, Event.RESET_FAILED, about, self.now, reason=reason)
            self.now += timedelta(seconds=1)

    def sealing(self) -> Sealing:
        return Sealing(self.database, self.keys, lambda: self.now)

    def seal(self) -> None:
        self.sealing().run()

    def verdict(self, kept: tuple[int, str] | None = None) -> Verdict:
        return verify(self.database, self.keys, self.now, kept)

    def fault(self, kept: tuple[int, str] | None = None) -> Fault | None:
        broken = self.verdict(kept).broken
        return broken.fault if broken else None

    def head(self) -> tuple[int, str]:
        """What an operator would write down."""
        found = self.verdict()
        assert found.broken is None
        assert found.head
        return found.head

    def sql(self, statement: str, **values: Any) -> list[Any]:
        with self.database.transaction() as session:
            result = session.connection().execute(text(statement), values)
            return list(result) if result.returns_rows else []


@pytest.fixture
def audited(database_url: str) -> Iterator[Audited]:
    """Five events, sealed."""
    audited = Audited(database_url)
    audited.happens(5)
    audited.seal()
    assert audited.verdict().verified == 5
    yield audited
    audited.database.close()


@pytest.fixture
def open_audit() -> Iterator[Callable[..., Audited]]:
    """Opens audits, and closes them when the test has ended."""
    opened: list[Audited] = []

    def open_(url: str, keys: list[SecretStr] | None = None) -> Audited:
        opened.append(Audited(url, keys))
        return opened[-1]

    yield open_
    for audited in opened:
        audited.database.close()


def migrated(folder: Path) -> str:
    return fresh_sqlite(folder)
