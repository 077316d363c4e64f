"""Makes a one-time password useless that nobody received, or that nobody used in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from pydantic import SecretStr
from sqlalchemy import bindparam, or_, update
from sqlalchemy.orm import Session

from directory.accounts import ReplaceResult
from directory.errors import DirectoryError, DirectoryMisconfigured, OutcomeUnknown
from gateway import passphrases
from gateway.engine import notices, outcomes, requests
from gateway.engine.directories import Directories, DirectoryProfile
from gateway.engine.outbox import write
from gateway.passphrases import LONGEST_MINIMUM
from gateway.records import Request
from gateway.records.assignments import Assignment, assignment
from gateway.records.audit import Event, record
from gateway.records.base import table_of
from gateway.records.database import Database
from gateway.records.requests import RequestState

log = structlog.get_logger()

AGAIN: Final = timedelta(minutes=5)
GIVEN_UP_AFTER: Final = timedelta(hours=24)
"""A directory that is away for longer: the password stays, and that is said."""

MAYBE_DONE: Final = "maybe_scrambled"
"""The reason of a request whose password an earlier attempt may have replaced already."""

WATCHED: Final = (RequestState.SENT, RequestState.DONE, RequestState.UNDELIVERED)

Outcome = ReplaceResult | DirectoryError


class Scrambler:
    """Replaces unused one-time passwords. Safe to call twice, from anywhere, at any time.

    A password that the person or the help desk has set since is never touched: the directory
    counts every change, and where it does not let us read the count nothing is replaced.
    """

    def __init__(
        self, database: Database, directories: Directories, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._directories = directories
        self._now = now

    def scramble(self, request_id: int) -> None:
        """Replace the one-time password of one request, if it is still unused."""
        with self._database.transaction() as session:
            work = self._take(session, request_id)
        if work is None:
            return
        outcome = self._replaced(work)
        with self._database.transaction() as session:
            self._settle(session, work, outcome)

    def _take(self, session: Session, request_id: int) -> Assignment | None:
        now = self._now()
        wanted = {"request_id": request_id, "now": now, "until": now + requests.LEASE}
        if session.connection().execute(_TAKE, wanted).rowcount == 0:
            return None
        return assignment(session, request_id)

    def _replaced(self, work: Assignment) -> Outcome:
        """No database session is open while the directory is being waited for."""
        if work.account_guid is None or work.password_version is None:
            return ReplaceResult.UNKNOWN
        try:
            directory = self._directories.of(DirectoryProfile.assigned(work))
            return directory.replace_unused(
                work.account_guid, work.password_version, _throwaway(work)
            )
        except DirectoryError as error:
            return error

    def _settle(self, session: Session, work: Assignment, outcome: Outcome) -> None:
        match outcome:
            case ReplaceResult.REPLACED:
                self._scrambled(session, work)
            case ReplaceResult.USED if work.reason == MAYBE_DONE:
                self._scrambled(session, work)
            case ReplaceResult.USED:
                if self._end(session, work, RequestState.USED):
                    record(session, Event.ONE_TIME_USED, work.about, self._now())
            case DirectoryError() as error if self._may_try_again(work, error):
                self._put_off(session, work, error)
            case _:
                self._leave(session, work, outcome)

    def _scrambled(self, session: Session, work: Assignment) -> None:
        """Whoever was told the password is told that it no longer works."""
        if not self._end(session, work, RequestState.SCRAMBLED):
            return
        now = self._now()
        record(session, Event.ONE_TIME_SCRAMBLED, work.about, now, reason=work.state)
        was_told = work.state in {RequestState.SENT, RequestState.DONE}
        if was_told and work.frozen_at is None:
            write(session, work, "one_time_expired", {}, sender=work.sender, now=now)
            request = session.get_one(Request, work.request_id)
            notices.one_time_password_expired(session, request, now)

    def _end(self, session: Session, work: Assignment, state: RequestState) -> bool:
        ended = requests.move(
            session,
            work.request_id,
            state,
            self._now(),
            attempt=work.attempt,
            reason=work.reason,
            scramble_at=None,
        )
        log.info("one_time.ended", request=work.request_id, state=state.value, ended=ended)
        return ended

    def _may_try_again(self, work: Assignment, error: DirectoryError) -> bool:
        can_pass = outcomes.may_pass(error) or isinstance(error, DirectoryMisconfigured)
        return can_pass and self._now() - work.created_at < GIVEN_UP_AFTER

    def _put_off(self, session: Session, work: Assignment, error: DirectoryError) -> None:
        values: dict[str, Any] = {"scramble_at": self._now() + AGAIN}
        if isinstance(error, OutcomeUnknown):
            values["reason"] = MAYBE_DONE
        self._keep(session, work, **values)
        log.warning("one_time.put_off", request=work.request_id, error=type(error).__name__)

    def _leave(self, session: Session, work: Assignment, outcome: Outcome) -> None:
        """Nobody can tell whose password it is, or the account may not be touched any more."""
        reason = outcome.value if isinstance(outcome, ReplaceResult) else type(outcome).__name__
        self._keep(session, work, scramble_at=None)
        record(session, Event.ONE_TIME_LEFT, work.about, self._now(), reason=reason)
        log.warning("one_time.left", request=work.request_id, reason=reason)

    def _keep(self, session: Session, work: Assignment, **values: Any) -> None:
        texts = table_of(Request)
        session.connection().execute(
            update(texts)
            .where(texts.c.id == work.request_id, texts.c.attempt == work.attempt)
            .values(lease_until=None, **values)
        )


def _throwaway(work: Assignment) -> SecretStr:
    """Longer than any policy asks for, and known to nobody: it is not kept."""
    return passphrases.make(LONGEST_MINIMUM, [work.username])


_requests: Final = table_of(Request).c
_TAKE: Final = (
    update(table_of(Request))
    .where(
        _requests.id == bindparam("request_id"),
        _requests.state.in_(WATCHED),
        _requests.scramble_at.is_not(None),
        or_(_requests.lease_until.is_(None), _requests.lease_until <= bindparam("now")),
    )
    .values(attempt=_requests.attempt + 1, lease_until=bindparam("until"))
)
