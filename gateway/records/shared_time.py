"""The time that all processes on all hosts share: the database's, whatever their own clocks say."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import func, select

from gateway.records.database import Database, DatabaseUnavailable

log = structlog.get_logger()

READ_AGAIN_SECONDS: Final = 30.0
WORTH_A_WORD: Final = timedelta(seconds=5)
"""A host that is off by more should be looked at: certificates and logs go by its own clock."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class SharedTime:
    """Tells the database's time, read now and then and carried on by a clock that never jumps.

    Leases and ages are compared between hosts, so a host that is minutes off would take a request
    for too old, or another's lease for run out. SQLite is on one machine: its own time is shared.
    """

    def __init__(
        self,
        database: Database,
        *,
        wall: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._wall = wall
        self._monotonic = monotonic
        self._is_remote = database.engine.dialect.name != "sqlite"
        self._read: tuple[datetime, float] | None = None
        self._read_again_at = 0.0

    def __call__(self) -> datetime:
        """An aware time in UTC. While the database is away, the last reading is carried on."""
        if not self._is_remote:
            return self._wall()
        if self._read is None or self._monotonic() >= self._read_again_at:
            self._ask()
        if self._read is None:
            return self._wall()
        told, at = self._read
        return told + timedelta(seconds=self._monotonic() - at)

    def _ask(self) -> None:
        self._read_again_at = self._monotonic() + READ_AGAIN_SECONDS
        try:
            with self._database.transaction() as session:
                told: datetime = session.scalars(select(func.clock_timestamp())).one()
        except DatabaseUnavailable:
            return
        if self._read is None and abs(told - self._wall()) > WORTH_A_WORD:
            log.warning("time.differs", seconds=round((told - self._wall()).total_seconds()))
        self._read = (told.astimezone(UTC), self._monotonic())
