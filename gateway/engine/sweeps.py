"""What the clock does: whatever has stood too long is rung for again, and secrets are let go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import InstrumentedAttribute

from gateway.engine import requests
from gateway.engine.bookkeeping import keep_books
from gateway.engine.doorbell import Doorbell, JobName
from gateway.engine.jobs import JobFunction
from gateway.engine.sealing import Sealing
from gateway.records import Invitation, Mail, OutboundMessage, Phone, Request, StrayText, Sync
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
        self._pick_up(JobName.PERFORM, Request.id, Request.ring_at, now, go_on)
        self._pick_up(JobName.DELIVER, OutboundMessage.id, OutboundMessage.ring_at, now, go_on)
        self._pick_up(JobName.POLL, OutboundMessage.id, OutboundMessage.poll_at, now, go_on)
        self._pick_up(JobName.SEEK_STRAYS, OutboundMessage.id, OutboundMessage.seek_at, now, go_on)
        self._pick_up(JobName.REDACT, OutboundMessage.id, OutboundMessage.redact_at, now, go_on)
        self._pick_up(JobName.REDACT_STRAY, StrayText.id, StrayText.redact_at, now, go_on)
        self._pick_up(JobName.SCRAMBLE, Request.id, Request.scramble_at, now, go_on)
        self._pick_up(JobName.REMIND, Invitation.id, Invitation.remind_at, now, go_on)
        self._pick_up(JobName.FORGET_PHONE, Phone.id, Phone.forget_at, now, go_on)
        self._forget_passwords(now)
        self._let_words_go(now)
        self._pick_up(JobName.MAIL, Mail.id, Mail.ring_at, now, go_on)
        self._pick_up(JobName.SYNC, Sync.id, Sync.ring_at, now, go_on)
        keep_books(self._database, self._now())
        if self._sealing:
            self._sealing.run(go_on)

    def _pick_up(
        self,
        job: JobName,
        row_id: InstrumentedAttribute[int],
        due_at: InstrumentedAttribute[datetime | None],
        now: datetime,
        go_on: Callable[[], bool],
    ) -> None:
        for worked, each in enumerate(self._due(row_id, due_at, now)):
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

    def _due(
        self,
        row_id: InstrumentedAttribute[int],
        due_at: InstrumentedAttribute[datetime | None],
        now: datetime,
    ) -> list[int]:
        """The rows that are due, put off a little so that the next sweep leaves them alone."""
        due: Select[Any] = select(row_id).where(due_at <= now).order_by(due_at).limit(AT_ONCE)
        with self._database.transaction() as session:
            ids = list(session.scalars(due))
            if ids:
                session.execute(
                    update(row_id.class_)
                    .where(row_id.in_(ids), due_at <= now)
                    .values({due_at: now + RING_AGAIN})
                )
        return ids

    def _let_words_go(self, now: datetime) -> None:
        """Nobody is told: whoever did not text back did not want it, or did not ask."""
        with self._database.transaction() as session:
            for request_id in session.scalars(_LATE_WORDS, {"now": now}).all():
                requests.expire(session, request_id, now, "too_late")

    def _forget_passwords(self, now: datetime) -> None:
        with self._database.transaction() as session:
            session.execute(
                update(Request)
                .where(
                    Request.state == RequestState.SENT,
                    Request.sealed_password.is_not(None),
                    Request.changed_at <= now - FORGET_PASSWORD_AFTER,
                )
                .values(sealed_password=None)
            )


_LATE_WORDS: Final = select(Request.id).where(Request.word_until <= bindparam("now")).limit(AT_ONCE)
