"""The clock process: sweeps every few seconds until it is told to stop, while no other does."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import uuid4

import structlog

from gateway.engine.sweeps import EVERY_SECONDS, Sweeps
from gateway.records.database import Database, DatabaseUnavailable
from gateway.records.leases import LONGEST_HOLDER, let_go, take_lease

log = structlog.get_logger()

LEASE_NAME: Final = "clock"
LEASE: Final = timedelta(seconds=12)
"""Longer than two sweeps; so long nobody sweeps when the clock whose turn it is was killed."""


class Turn:
    """Whose turn it is to sweep: of all clocks on all hosts, the one that holds the lease."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = name_of_this_process()
        self._is_ours = False

    def take(self) -> bool:
        """Whether it is our turn, for LEASE from now. Raises DatabaseUnavailable."""
        with self._database.transaction() as session:
            ours = take_lease(session, LEASE_NAME, self._holder, LEASE)
        if ours != self._is_ours:
            log.info("clock.takes_over" if ours else "clock.overtaken", holder=self._holder)
        self._is_ours = ours
        return ours

    def pass_on(self) -> None:
        """Let the next clock begin at once."""
        with self._database.transaction() as session:
            let_go(session, LEASE_NAME, self._holder)


def name_of_this_process() -> str:
    """Its end alone makes it unique; the rest is for whoever looks into the table."""
    unique = f":{os.getpid()}:{uuid4().hex[:12]}"
    return socket.gethostname()[: LONGEST_HOLDER - len(unique)] + unique


def run(sweeps: Sweeps, turn: Turn) -> None:
    """Sweep until SIGTERM or SIGINT. A database that is away is waited for."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.info("clock.started", every_seconds=EVERY_SECONDS)
    sweeps.tell_alive()
    while not stop.wait(EVERY_SECONDS):
        sweeps.tell_alive()
        _survive(lambda: sweep(sweeps, turn, stop.is_set))
    _survive(turn.pass_on)
    log.info("clock.stopped")


def sweep(sweeps: Sweeps, turn: Turn, told_to_stop: Callable[[], bool]) -> None:
    """One sweep if it is our turn, and only as long as it stays ours."""
    if turn.take():
        sweeps.run(lambda: not told_to_stop() and turn.take())


def _survive(what: Callable[[], None]) -> None:
    """Errors are told and survived: a clock that died would forget people."""
    try:
        what()
    except DatabaseUnavailable as error:
        log.error("sweep.no_database", detail=str(error))
    except Exception:
        log.exception("sweep.failed")
