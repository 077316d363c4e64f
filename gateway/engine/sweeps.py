"""What the clock does: whatever has stood too long is rung for again, and secrets are let go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Select, Update, bindparam, select, update

from gateway.engine import requests
from gateway.engine.bookkeeping import keep_books
from gateway.engine.doorbell import Doorbell, JobName
from gateway.engine.jobs import JobFunction
from gateway.engine.sealing import Sealing
from gateway.records import Base, Invitation, Mail, OutboundMessage, Phone, Request, StrayText, Sync
from gateway.records.base import table_of
from gateway.records.database import Database
from gateway.records.requests import RequestState

log = structlog.get_logger()

EVERY_SECONDS: Final = 5
RING_AGAIN: Final = timedelta(seconds=15)
"""A row that was rung for gets this long, so that a busy queue is not flooded with repeats."""

AT_ONCE: Final = 200
BY_OURSELVES: Final = 20
"""How many rows of a kind one sweep works on itself while Redis cannot be reached."""

FEWER_BY_OURSELVES: Final = {JobName.MAIL: 1, JobName.SYNC: 0}
"""A mail server may take a minute for each, and a directory minutes: people wait for texts."""

FORGET_PASSWORD_AFTER: Final = timedelta(minutes=5)
"""A text that the carrier has taken needs its password no more, whether or not it reports."""


@dataclass(frozen=True)
class Kind:
    """One kind of work: how its rows are found, and put off, when they are due."""

    job: JobName
    find: Select[Any]
    put_off: Update


def _kind(job: JobName, model: type[Base], due_at_name: str) -> Kind:
    """Its statements are made once: making one costs as much as running it."""
    row_id, due_at = table_of(model).c.id, table_of(model).c[due_at_name]
    is_due = due_at <= bindparam("now")
    among = row_id.in_(bindparam("ids", expanding=True))
    return Kind(
        job,
        select(row_id).where(is_due).order_by(due_at).limit(AT_ONCE),
        update(table_of(model)).where(among, is_due).values({due_at: bindparam("later")}),
    )


WORK: Final = (
    _kind(JobName.PERFORM, Request, "ring_at"),
    _kind(JobName.DELIVER, OutboundMessage, "ring_at"),
    _kind(JobName.POLL, OutboundMessage, "poll_at"),
    _kind(JobName.SEEK_STRAYS, OutboundMessage, "seek_at"),
    _kind(JobName.REDACT, OutboundMessage, "redact_at"),
    _kind(JobName.REDACT_STRAY, StrayText, "redact_at"),
    _kind(JobName.SCRAMBLE, Request, "scramble_at"),
    _kind(JobName.REMIND, Invitation, "remind_at"),
    _kind(JobName.FORGET_PHONE, Phone, "forget_at"),
)
WORK_THAT_MAY_TAKE_LONG: Final = (
    _kind(JobName.MAIL, Mail, "ring_at"),
    _kind(JobName.SYNC, Sync, "ring_at"),
)


class NoLongerOurTurn(Exception):
    """Another clock has taken over, or this one is to stop: what is left can wait for the next."""


class Sweeps:
    """Runs on one clock at a time; two at once do no harm, as every step may be repeated."""

    def __init__(
        self,
        database: Database,
        doorbell: Doorbell,
        functions: Mapping[JobName, JobFunction],
        now: Callable[[], datetime],
        *,
        unheard: Collection[JobName] = (),
        tell_alive: Callable[[], None] = lambda: None,
        sealing: Sealing | None = None,
    ) -> None:
        """`unheard` are the jobs that no worker listens for; the clock does them itself."""
        self._database = database
        self._doorbell = doorbell
        self._functions = functions
        self._now = now
        self._unheard = unheard
        self._sealing = sealing
        self.tell_alive = tell_alive

    def run(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """One sweep. Without Redis the work itself is done here: slower, but done.

        Such work can take long, so before each row `go_on` is asked whether it is still our turn.
        """
        try:
            self._sweep(self._now(), go_on)
        except NoLongerOurTurn:
            log.info("sweep.left_to_the_next")

    def _sweep(self, now: datetime, go_on: Callable[[], bool]) -> None:
        for kind in WORK:
            self._pick_up(kind, now, go_on)
        self._forget_passwords(now)
        self._let_words_go(now)
        for kind in WORK_THAT_MAY_TAKE_LONG:
            self._pick_up(kind, now, go_on)
        keep_books(self._database, self._now())
        if self._sealing:
            self._sealing.run(go_on)

    def _pick_up(self, kind: Kind, now: datetime, go_on: Callable[[], bool]) -> None:
        job = kind.job
        for worked, each in enumerate(self._due(kind, now)):
            self.tell_alive()
            if job in self._unheard:
                self._functions[job](each)
            elif self._doorbell.ring(job, each):
                log.info("sweep.rang", job=job.value, row=each)
            elif worked < FEWER_BY_OURSELVES.get(job, BY_OURSELVES):
                if not go_on():
                    raise NoLongerOurTurn
                log.info("sweep.does_it_itself", job=job.value, row=each)
                self._functions[job](each)

    def _due(self, kind: Kind, now: datetime) -> list[int]:
        """The rows that are due, put off a little so that the next sweep leaves them alone."""
        with self._database.transaction() as session:
            connection = session.connection()
            ids = list(connection.execute(kind.find, {"now": now}).scalars())
            if ids:
                later = {"ids": ids, "now": now, "later": now + RING_AGAIN}
                connection.execute(kind.put_off, later)
        return ids

    def _let_words_go(self, now: datetime) -> None:
        """Nobody is told: whoever did not text back did not want it, or did not ask."""
        with self._database.transaction() as session:
            for request_id in session.scalars(_LATE_WORDS, {"now": now}).all():
                requests.expire(session, request_id, now, "too_late")

    def _forget_passwords(self, now: datetime) -> None:
        with self._database.transaction() as session:
            session.connection().execute(_FORGET, {"before": now - FORGET_PASSWORD_AFTER})


_LATE_WORDS: Final = select(Request.id).where(Request.word_until <= bindparam("now")).limit(AT_ONCE)
_requests: Final = table_of(Request).c
_FORGET: Final = (
    update(table_of(Request))
    .where(
        _requests.state == RequestState.SENT,
        _requests.sealed_password.is_not(None),
        _requests.changed_at <= bindparam("before"),
    )
    .values(sealed_password=None)
)
