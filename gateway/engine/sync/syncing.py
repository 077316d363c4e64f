"""Runs a synchronization: holds it against all others, and says how it went, and when again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

import structlog

import directory
from directory.errors import DirectoryError
from gateway.engine.directories import Connect, Directories, DirectoryProfile
from gateway.engine.sync.report import Report
from gateway.engine.sync.run import NobodyListed, Run
from gateway.engine.sync.target import Target
from gateway.engine.sync.wishes import Wishes
from gateway.records import Organization, Sync
from gateway.records.audit import Event, record
from gateway.records.database import Database, DatabaseUnavailable
from gateway.records.syncs import LONGEST_ERROR, held_sync, hold_sync, take_due_sync
from gateway.seal import Seal

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=120)
"""Longer than any one step: it is renewed between two of them."""

AGAIN: Final = timedelta(minutes=15)
"""A scheduled run that failed is repeated so soon, or with the next one if that comes earlier."""

STOP_WITHIN_SECONDS: Final = 10.0

BY_CLOCK: Final = "clock"


class SyncFailed(Exception):
    """Nobody was suspended. The text says why and what to do, for an operator."""


class SyncOvertaken(Exception):
    """Another attempt has it by now, and goes on with it."""


class ToldToStop(Exception):
    """This process is to end; the rest can wait for another."""


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt at one synchronization, with nothing left to ask the database for."""

    sync_id: int
    attempt: int
    target: Target
    profile: DirectoryProfile | None
    wishes: Wishes

    @classmethod
    def of(cls, held: Sync) -> Self:
        wishes = Wishes.of(held.options)
        return cls(held.id, held.attempt, *_known(held.organization), wishes)

    @classmethod
    def unheld(cls, organization: Organization, wishes: Wishes) -> Self:
        """To look what would happen; it can be carried out only once it is held."""
        return cls(0, 0, *_known(organization), wishes)


def _known(organization: Organization) -> tuple[Target, DirectoryProfile | None]:
    told = organization.directory
    return Target.of(organization), DirectoryProfile.of(told) if told else None


Start = Callable[[Callable[[], None]], None]


def beside(work: Callable[[], None]) -> None:
    """In a thread of its own, which ends with the process."""
    threading.Thread(target=work, name="sync", daemon=True).start()


class Syncing:
    """One run at a time in a process. Each has a connection to the directory of its own."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        now: Callable[[], datetime],
        *,
        connect: Connect = directory.connect,
        start: Start = beside,
    ) -> None:
        self._database = database
        self._seal = seal
        self._now = now
        self._connect = connect
        self._start = start
        self._busy = threading.Lock()
        self._is_to_stop = threading.Event()

    def begin(self, sync_id: int) -> None:
        """Run it beside whatever else this worker does: a large directory takes minutes.

        A password that nobody received is not to wait behind that. While one runs, others wait
        for the clock to ring again.
        """
        if self._busy.acquire(blocking=False):
            self._start(lambda: self._run_guarded(sync_id))

    def stop(self) -> None:
        """Let what is running be put back, for another process to begin again."""
        self._is_to_stop.set()
        if self._busy.acquire(timeout=STOP_WITHIN_SECONDS):
            self._busy.release()

    def sync(self, sync_id: int) -> None:
        """What the schedule wants, if it still does and nobody else is at it."""
        with self._database.transaction() as session:
            held = take_due_sync(session, sync_id, self._now(), LEASE)
            task = Task.of(held) if held else None
        if task is None:
            return
        try:
            self.carry_out(task, mode=BY_CLOCK)
        except (SyncFailed, SyncOvertaken, ToldToStop):
            return  # each has been told where it came up

    def carry_out(self, task: Task, *, mode: str, **how: Any) -> Report:
        """Run what is held, and let it go. Raises SyncFailed."""
        try:
            report = self._run(task, mode=mode, keep=lambda: self._keep(task), **how)
        except (DirectoryError, NobodyListed) as error:
            self._failed(task, error, mode)
            raise SyncFailed(str(error)) from None
        except SyncOvertaken:
            log.warning("sync.overtaken", sync=task.sync_id)
            raise
        except DatabaseUnavailable:
            raise  # nothing can be written down; the lease runs out by itself
        except (Exception, KeyboardInterrupt):
            self._settle(task, "it was broken off", self._now())
            raise
        self._done(task, report)
        return report

    def look(self, task: Task, **how: Any) -> Report:
        """What would change. Nothing is written. Raises SyncFailed."""
        try:
            return self._run(task, mode="", writes=False, **how)
        except (DirectoryError, NobodyListed) as error:
            raise SyncFailed(str(error)) from None

    def refuse_unsound(self, profile: DirectoryProfile | None, wishes: Wishes) -> None:
        """Raises DirectoryMisconfigured for what can be told without asking the directory."""
        directories = Directories(self._seal, self._connect)
        try:
            directories.of(profile).people(wishes.source)
        finally:
            directories.close()

    def _run_guarded(self, sync_id: int) -> None:
        try:
            with structlog.contextvars.bound_contextvars(job="sync", row=sync_id):
                self.sync(sync_id)
        except DatabaseUnavailable as error:
            log.error("sync.no_database", detail=str(error))
        except Exception:
            log.exception("sync.broken_off")
        finally:
            self._busy.release()

    def _run(self, task: Task, **how: Any) -> Report:
        directories = Directories(self._seal, self._connect)
        try:
            asked = directories.of(task.profile)
            run = Run(self._database, self._seal, asked, task.target, task.wishes, self._now, **how)
            return run.go()
        finally:
            directories.close()

    def _keep(self, task: Task) -> None:
        """Between two steps: whether it is still ours, and to be gone on with."""
        if self._is_to_stop.is_set():
            raise ToldToStop
        with self._database.transaction() as session:
            ours = hold_sync(session, task.sync_id, task.attempt, self._now() + LEASE)
        if not ours:
            raise SyncOvertaken

    def _done(self, task: Task, report: Report) -> None:
        now = self._now()
        with self._database.transaction() as session:
            row = held_sync(session, task.sync_id, task.attempt)
            if row:
                row.error = too_many(report)
                row.succeeded_at = row.succeeded_at if row.error else now
                _rest(row, now, timedelta(minutes=row.every_minutes or 0))
        told = log.error if report.would_suspend else log.info
        told(
            "sync.done",
            organization=task.target.slug,
            would_suspend=report.would_suspend,
            **asdict(report.counts),
        )

    def _failed(self, task: Task, error: Exception, mode: str) -> None:
        kind, now = type(error).__name__, self._now()
        self._settle(task, str(error), now + AGAIN)
        with self._database.transaction() as session:
            event = Event.PEOPLE_SYNC_FAILED
            record(session, event, task.target.about, now, reason=kind, mode=mode)
        log.error("sync.failed", organization=task.target.slug, error=kind, detail=str(error))

    def _settle(self, task: Task, error: str, again_at: datetime) -> None:
        now = self._now()
        with self._database.transaction() as session:
            row = held_sync(session, task.sync_id, task.attempt)
            if row:
                row.error = error[:LONGEST_ERROR]
                wanted = timedelta(minutes=row.every_minutes or 0)
                _rest(row, now, min(wanted, again_at - now))


def too_many(report: Report) -> str:
    """Why nobody was suspended, if so."""
    if not report.would_suspend:
        return ""
    return (
        f"nobody was suspended, because {report.would_suspend} of {report.of_people} people would "
        "be: look into why, and say --allow-mass-suspension if it is right"
    )


def _rest(row: Sync, now: datetime, wait: timedelta) -> None:
    """Let it go until the schedule wants it again, if there is one."""
    row.lease_until = None
    row.due_at = row.ring_at = None if row.every_minutes is None else now + wait
