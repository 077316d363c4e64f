"""Carries out one request and answers it, so that it can be killed anywhere and begun anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.engine import notices, requests
from gateway.engine.acting import TRY_AGAIN, UNCOUNTED, Actor, AskWord, Later, Overtaken, Result
from gateway.engine.allowances import Allowances
from gateway.engine.asking import Asking
from gateway.engine.directories import Directories
from gateway.engine.outbox import write
from gateway.engine.outcomes import SUCCESSES, Outcome
from gateway.engine.phone_risk import SIM_SWAPPED, PhoneRisk
from gateway.engine.replies import Replies
from gateway.records import Person
from gateway.records.assignments import Assignment, assignment
from gateway.records.audit import Event, record
from gateway.records.database import Database
from gateway.records.letters import Letter
from gateway.seal import Seal
from handlers.vocabulary import Vocabulary

log = structlog.get_logger()

PASSWORD_SET: Final = frozenset({Event.RESET_SUCCEEDED, Event.RESET_UNCERTAIN})


class Performer:
    """Performs requests. Safe to call twice, from anywhere, at any time."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        directories: Directories,
        replies: Replies,
        risk: PhoneRisk,
        now: Callable[[], datetime],
        *,
        allowances: Allowances,
        vocabulary: Vocabulary,
    ) -> None:
        self._database = database
        self._actor = Actor(database, seal, directories, risk, now, allowances)
        self._allowances = allowances
        self._asking = Asking(seal, vocabulary)
        self._replies = replies
        self._now = now

    def perform(self, request_id: int) -> None:
        """Carry out one request if it waits and nobody else holds it, and send its answer."""
        with self._database.transaction() as session:
            work = self._take(session, request_id)
        if work is None:
            return
        try:
            result, account = self._actor.act(work)
            with self._database.transaction() as session:
                letter = self._settle(session, work, result, account)
        except Overtaken:
            log.warning("request.overtaken", request=request_id, attempt=work.attempt)
            return
        if letter:
            self._replies.send(letter)
        if isinstance(result, Outcome) and result.event in PASSWORD_SET:
            self._allowances.password_set(work.about, work.policy)

    def _take(self, session: Session, request_id: int) -> Assignment | None:
        """What is allowed is read in the same transaction, so that it is not older than this."""
        if requests.take(session, request_id, self._now()) is None:
            return None
        return assignment(session, request_id)

    def _settle(
        self, session: Session, work: Assignment, result: Result, guid: UUID | None
    ) -> Letter | None:
        """Keep what came of it, and take hold of the answer in the same transaction."""
        now = self._now()
        _remember(session, work, guid, result, now)
        if isinstance(result, Later):
            self._hand_back(session, work, result)
            return None
        if isinstance(result, AskWord):
            return self._replies.held(session, self._asking.ask(session, work, now))
        if not requests.move(
            session,
            work.request_id,
            result.state,
            now,
            attempt=work.attempt,
            reason=result.reason,
            **_to_watch(session, work, result, now),
        ):
            raise Overtaken
        record(session, result.event, work.about, now, reason=result.reason)
        log.info(
            "request.settled",
            request=work.request_id,
            action=work.action,
            state=result.state,
            reason=result.reason,
            attempt=work.attempt,
        )
        notices.account_changed(session, work, result.event, now)
        if result.reason == SIM_SWAPPED:
            notices.sim_swapped(session, work, now)
        return self._answer(session, work, result, now)

    def _answer(
        self, session: Session, work: Assignment, result: Outcome, now: datetime
    ) -> Letter | None:
        if not result.template:
            return None
        reply = write(
            session,
            work,
            result.template,
            result.facts,
            sender=work.sender,
            now=now,
            request_id=work.request_id,
            held=True,
        )
        return self._replies.held(session, reply)

    def _hand_back(self, session: Session, work: Assignment, result: Later) -> None:
        """A password that the directory has not heard of is forgotten; another will be made."""
        now = self._now()
        kept: dict[str, Any] = {} if result.heard else {"sealed_password": None}
        if result.is_counted:
            kept["admitted_at"] = work.admitted_at or now
        else:
            kept["reason"] = UNCOUNTED
        if not requests.hand_back(session, work.request_id, work.attempt, now + TRY_AGAIN, **kept):
            raise Overtaken


def _remember(
    session: Session, work: Assignment, guid: UUID | None, result: Result, now: datetime
) -> None:
    """The account's immutable id, and when somebody first got something by text."""
    learnt: dict[str, Any] = {}
    if guid is not None and guid != work.account_guid:
        learnt["account_guid"] = guid
    if work.used_at is None and isinstance(result, Outcome) and result.event in SUCCESSES:
        learnt["used_at"] = now
    if learnt:
        session.execute(update(Person).where(Person.id == work.person_id).values(learnt))


def _to_watch(session: Session, work: Assignment, result: Outcome, now: datetime) -> dict[str, Any]:
    """A one-time password that can be told from later ones is looked after until it is used.

    Whoever has disowned it while it was being set wants none.
    """
    if result.password_version is None:
        return {}
    own = select(Person.frozen_at).where(Person.id == work.person_id)
    frozen = session.scalar(own.with_for_update(read=True))
    until = now if frozen else now + timedelta(minutes=work.policy.one_time_minutes)
    return {"password_version": result.password_version, "scramble_at": until}
