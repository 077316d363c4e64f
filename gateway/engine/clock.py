"""The clock process: sweeps every few seconds until it is told to stop."""

from __future__ import annotations

import signal
import threading

import structlog

from gateway.engine.sweeps import EVERY_SECONDS, Sweeps
from gateway.records.database import DatabaseUnavailable

log = structlog.get_logger()


def run(sweeps: Sweeps) -> None:
    """Sweep until SIGTERM or SIGINT. A database that is away is waited for."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    log.info("clock.started", every_seconds=EVERY_SECONDS)
    sweeps.tell_alive()
    while not stop.wait(EVERY_SECONDS):
        sweeps.tell_alive()
        sweep(sweeps)
    log.info("clock.stopped")


def sweep(sweeps: Sweeps) -> None:
    """One sweep whose errors are told and survived: a clock that died would forget people."""
    try:
        sweeps.run()
    except DatabaseUnavailable as error:
        log.error("sweep.no_database", detail=str(error))
    except Exception:
        log.exception("sweep.failed")
