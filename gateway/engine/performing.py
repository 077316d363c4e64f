"""Carries out one request against its directory, so that it can be killed and begun anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from pydantic import SecretStr
from sqlalchemy import update
from sqlalchemy.orm import Session

from directory.accounts import Directory, Identity
from directory.errors import AccountRefused, DirectoryError, OutcomeUnknown, PasswordRejected
from gateway import passphrases
from gateway.engine import outcomes, requests
from gateway.engine.directories import Directories, DirectoryProfile
from gateway.engine.outbox import write
from gateway.engine.outcomes import Outcome
from gateway.engine.replies import Replies
from gateway.passphrases import PasswordImpossible
from gateway.records import Person
from gateway.records.assignments import Assignment, assignment
from gateway.records.audit import record
from gateway.records.database import Database
from gateway.records.letters import Letter
from gateway.seal import Seal
from handlers.conversation import Action

log = structlog.get_logger()

TOO_OLD: Final = timedelta(minutes=5)
"""Whoever asked has found another way by now: an older request is not carried out."""

DIRECTORY_PATIENCE: Final = timedelta(minutes=2)
"""How long a directory that does not answer is tried before the person is told."""

TRY_AGAIN: Final = timedelta(seconds=5)
PASSWORD_TRIES: Final = 3

ONE_TIME: Final = timedelta(minutes=30)
"""How long a one-time password may wait for its first use."""


class Overtaken(Exception):
    """Another worker has taken the request up; this one must not change anything more."""


class PhoneShut(Exception):
    """Since the text came, its phone was taken away, opted out, or its person switched off."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is decided yet. `heard` tells whether the directory may know a sealed password."""

    error: DirectoryError
    heard: bool


class Performer:
    """Performs requests. Safe to call twice, from anywhere, at any time."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        directories: Directories,
        replies: Replies,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._seal = seal
        self._directories = directories
        self._replies = replies
        self._now = now

    def perform(self, request_id: int) -> None:
        """Carry out one request if it waits and nobody else holds it, and send its answer."""
        with self._database.transaction() as session:
            work = self._take(session, request_id)
        if work is None:
            return
        try:
            result, account = self._carry_out(work)
            with self._database.transaction() as session:
                letter = self._settle(session, work, result, account)
        except Overtaken:
            log.warning("request.overtaken", request=request_id, attempt=work.attempt)
            return
        if letter:
            self._replies.send(letter)

    def _take(self, session: Session, request_id: int) -> Assignment | None:
        if requests.take(session, request_id, self._now()) is None:
            return None
        return assignment(session, request_id)

    def _carry_out(self, work: Assignment) -> tuple[Outcome | Later, UUID | None]:
        """Ask the directory. No database session is open while it is being waited for."""
        if self._now() - work.created_at > TOO_OLD:
            return self._too_late(work), None
        if work.shut and not _may_have_changed(work):
            return outcomes.shut(Action(work.action), work.shut), None
        guid = None
        try:
            directory = self._directories.of(DirectoryProfile.assigned(work))
            if work.action == Action.STATUS:
                return self._status(work, directory), None
            if work.action == Action.UNLOCK:
                guid = work.account_guid or directory.identify(work.username).guid
                return _unlock(work, directory, guid), guid
            who = directory.identify(work.account_guid or work.username)
            guid = who.guid
            return self._reset(work, directory, who), guid
        except DirectoryError as error:
            return self._weigh(work, error), guid
        except PhoneShut as error:
            return outcomes.shut(Action(work.action), error.reason), guid
        except PasswordImpossible as error:
            log.error("request.no_password_possible", request=work.request_id, detail=str(error))
            return outcomes.impossible(Action(work.action)), guid

    def _status(self, work: Assignment, directory: Directory) -> Outcome:
        known = work.account_guid
        account = directory.read(known) if known else directory.find(work.username)
        return outcomes.after_status(account.state, self._now(), ZoneInfo(work.time_zone))

    def _reset(self, work: Assignment, directory: Directory, account: Identity) -> Outcome:
        """Set the password that was sealed before, or a fresh one that is sealed first.

        A policy may be stricter than it says (a filter, a banned list): then another is tried.
        """
        password = self._sealed_before(work) or self._make(work, account)
        for _ in range(PASSWORD_TRIES - 1):
            try:
                return outcomes.after_reset(directory.reset(account.guid, password))
            except PasswordRejected:
                if work.sealed_password:  # it may be set all the same: no other may be told
                    return outcomes.uncertain(Action(work.action), "password_rejected")
                password = self._make(work, account)
        return outcomes.after_reset(directory.reset(account.guid, password))

    def _sealed_before(self, work: Assignment) -> SecretStr | None:
        return self._seal.unseal(work.sealed_password) if work.sealed_password else None

    def _make(self, work: Assignment, account: Identity) -> SecretStr:
        """Make a password and commit it, sealed, before the directory hears of it."""
        names = (account.username, account.display_name)
        password = passphrases.make(account.rules.min_length, names)
        with self._database.transaction() as session:
            _seal_away(session, work, self._seal.seal(password))
        return password

    def _weigh(self, work: Assignment, error: DirectoryError) -> Outcome | Later:
        """Try again while that can help, and say in the end what is known to be true."""
        heard = isinstance(error, OutcomeUnknown) or work.sealed_password is not None
        age = self._now() - work.created_at
        patience = TOO_OLD if heard else DIRECTORY_PATIENCE
        maybe_changed = heard or _may_have_changed(work)
        tell = log.info if isinstance(error, AccountRefused) else log.warning
        tell(
            "request.directory_error",
            request=work.request_id,
            attempt=work.attempt,
            error=type(error).__name__,
            detail=str(error),
        )
        if outcomes.may_pass(error) and age + TRY_AGAIN < patience:
            return Later(error, heard)
        return outcomes.after_error(Action(work.action), error, maybe_changed=maybe_changed)

    def _too_late(self, work: Assignment) -> Outcome:
        """Nothing was changed, unless an earlier attempt may have reached the directory."""
        if _may_have_changed(work):
            return outcomes.uncertain(Action(work.action), "too_old")
        return outcomes.stale()

    def _settle(
        self, session: Session, work: Assignment, result: Outcome | Later, guid: UUID | None
    ) -> Letter | None:
        """Keep what came of it, and take hold of the answer in the same transaction."""
        now = self._now()
        if guid is not None and guid != work.account_guid:
            _remember_account(session, work.person_id, guid)
        if isinstance(result, Later):
            self._hand_back(session, work, result)
            return None
        if not requests.move(
            session,
            work.request_id,
            result.state,
            now,
            attempt=work.attempt,
            reason=result.reason,
            **_to_watch(result, now),
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
        forgotten = {} if result.heard else {"sealed_password": None}
        again = self._now() + TRY_AGAIN
        if not requests.hand_back(session, work.request_id, work.attempt, again, **forgotten):
            raise Overtaken


def _unlock(work: Assignment, directory: Directory, guid: UUID) -> Outcome:
    return outcomes.after_unlock(directory.unlock(guid), repeated=work.attempt > 1)


def _may_have_changed(work: Assignment) -> bool:
    """An unlock seals nothing, so any earlier attempt of one may have reached the directory."""
    repeated_unlock = work.action == Action.UNLOCK and work.attempt > 1
    return work.sealed_password is not None or repeated_unlock


def _seal_away(session: Session, work: Assignment, sealed_password: str) -> None:
    """Keep a password for this attempt, unless its phone was shut meanwhile."""
    if requests.seal_away(session, work.request_id, work.attempt, sealed_password):
        return
    current = assignment(session, work.request_id)
    if current and current.attempt == work.attempt and current.shut:
        raise PhoneShut(current.shut)
    raise Overtaken


def _remember_account(session: Session, person_id: int, guid: UUID) -> None:
    session.execute(update(Person).where(Person.id == person_id).values(account_guid=guid))


def _to_watch(result: Outcome, now: datetime) -> dict[str, Any]:
    """A one-time password that can be told from later ones is looked after until it is used."""
    if result.password_version is None:
        return {}
    return {"password_version": result.password_version, "scramble_at": now + ONE_TIME}
