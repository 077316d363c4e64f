"""Lets a process tell now and then that it is alive, and others ask when it was last heard of."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from gateway.engine.doorbell import JOB_SECONDS, QueueName
from gateway.records.database import Database, DatabaseUnavailable
from gateway.records.heartbeats import beat

log = structlog.get_logger()

CLOCK: Final = "clock"
EVERY: Final = timedelta(seconds=15)

SILENT_AFTER: Final = timedelta(seconds=JOB_SECONDS) + 2 * EVERY
"""A process tells between two jobs: only after the longest one is its silence a bad sign."""

SWEEP_OVERDUE: Final = timedelta(seconds=60)
"""Sweeps come every five seconds, but one that has to do the work itself may take a while."""


def worker_of(queue: QueueName) -> str:
    return f"worker.{queue}"


KINDS: Final = (CLOCK, *map(worker_of, QueueName))
"""Every kind of process that tells of itself. The web is asked over HTTP instead."""


def on_this_machine(kind: str) -> str:
    return f"{kind}@{socket.gethostname()[:80]}"


class Pulse:
    """Written from the very loop that does the work: where that hangs, it falls silent."""

    def __init__(self, database: Database, kind: str, now: Callable[[], datetime]) -> None:
        self._database = database
        self._name = on_this_machine(kind)
        self._now = now
        self._told_at: datetime | None = None

    def beat(self) -> None:
        """Call it as often as you like. That a database is away is no reason to stop working."""
        now = self._now()
        if self._told_at and timedelta() <= now - self._told_at < EVERY:
            return
        self._told_at = now
        try:
            with self._database.transaction() as session:
                beat(session, self._name, now)
        except DatabaseUnavailable as error:
            log.warning("pulse.not_written", detail=str(error))
