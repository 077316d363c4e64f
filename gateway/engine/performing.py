"""Carries out one request against its directory, so that it can be killed and begun anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from pydantic import SecretStr
from sqlalchemy.orm import Session

from directory.accounts import Account, Directory
from directory.errors import AccountRefused, DirectoryError, OutcomeUnknown, PasswordRejected
from gateway import passphrases
from gateway.engine import outcomes, requests
from gateway.engine.directories import Directories, DirectoryProfile
from gateway.engine.outbox import write
from gateway.engine.outcomes import Outcome
from gateway.engine.replies import Replies
from gateway.passphrases import PasswordImpossible
from gateway.records import Phone, Request
from gateway.records.audit import record
from gateway.records.database import Database
from gateway.seal import Seal
from handlers.conversation import Action

log = structlog.get_logger()

TOO_OLD: Final = timedelta(minutes=5)
"""Whoever asked has found another way by now: an older request is not carried out."""

DIRECTORY_PATIENCE: Final = timedelta(minutes=2)
"""How long a directory that does not answer is tried before the person is told."""

TRY_AGAIN: Final = timedelta(seconds=5)
PASSWORD_TRIES: Final = 3


class Overtaken(Exception):
    """Another worker has taken the request up; this one must not change anything more."""


class PhoneShut(Exception):
    """Since the text came, its phone was taken away, opted out, or its person switched off."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Work:
    """One request in the hands of one attempt, with nothing left to ask the database for."""

    request_id: int
    attempt: int
    action: Action
    created_at: datetime
    username: str
    account_guid: UUID | None
    zone: ZoneInfo
    sealed_password: str | None
    """From an earlier attempt: the directory may have heard of it already."""
    profile: DirectoryProfile | None
    shut: str | None
    """Why nothing may be changed for this phone any more, if so."""

    @property
    def may_have_changed(self) -> bool:
        """An unlock seals nothing, so any earlier attempt of one may have reached the directory."""
        repeated_unlock = self.action is Action.UNLOCK and self.attempt > 1
        return self.sealed_password is not None or repeated_unlock


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
            result, guid = self._carry_out(work)
            with self._database.transaction() as session:
                reply_id = self._settle(session, work, result, guid)
        except Overtaken:
            log.warning("request.overtaken", request=request_id, attempt=work.attempt)
            return
        if reply_id is not None:
            self._replies.deliver(reply_id)

    def _take(self, session: Session, request_id: int) -> Work | None:
        attempt = requests.take(session, request_id, self._now())
        if attempt is None:
            return None
        request = session.get_one(Request, request_id)
        record = request.organization.directory
        return Work(
            request_id=request.id,
            attempt=attempt,
            action=Action(request.action),
            created_at=request.created_at,
            username=request.person.username,
            account_guid=request.person.account_guid,
            zone=ZoneInfo(request.organization.time_zone),
            sealed_password=request.sealed_password,
            profile=DirectoryProfile.of(record) if record else None,
            shut=_why_shut(session, request),
        )

    def _carry_out(self, work: Work) -> tuple[Outcome | Later, UUID | None]:
        """Ask the directory. No database session is open while it is being waited for."""
        if self._now() - work.created_at > TOO_OLD:
            return self._too_late(work), None
        if work.shut and not work.may_have_changed:
            return outcomes.shut(work.action, work.shut), None
        guid = None
        try:
            directory = self._directories.of(work.profile)
            account = _find(directory, work)
            guid = account.guid
            return self._act(work, directory, account), guid
        except DirectoryError as error:
            return self._weigh(work, error), guid
        except PhoneShut as error:
            return outcomes.shut(work.action, error.reason), guid
        except PasswordImpossible as error:
            log.error("request.no_password_possible", request=work.request_id, detail=str(error))
            return outcomes.impossible(work.action), guid

    def _act(self, work: Work, directory: Directory, account: Account) -> Outcome:
        match work.action:
            case Action.RESET:
                return self._reset(work, directory, account)
            case Action.UNLOCK:
                unlocked = directory.unlock(account.guid)
                return outcomes.after_unlock(unlocked, repeated=work.attempt > 1)
            case Action.STATUS:
                return outcomes.after_status(account.state, self._now(), work.zone)

    def _reset(self, work: Work, directory: Directory, account: Account) -> Outcome:
        """Set the password that was sealed before, or a fresh one that is sealed first.

        A policy may be stricter than it says (a filter, a banned list): then another is tried.
        """
        password = self._sealed_before(work) or self._make(work, account)
        for _ in range(PASSWORD_TRIES - 1):
            try:
                return outcomes.after_reset(directory.reset(account.guid, password))
            except PasswordRejected:
                if work.sealed_password:  # it may be set all the same: no other may be told
                    return outcomes.uncertain(work.action, "password_rejected")
                password = self._make(work, account)
        return outcomes.after_reset(directory.reset(account.guid, password))

    def _sealed_before(self, work: Work) -> SecretStr | None:
        return self._seal.unseal(work.sealed_password) if work.sealed_password else None

    def _make(self, work: Work, account: Account) -> SecretStr:
        """Make a password and commit it, sealed, before the directory hears of it."""
        names = (account.username, account.display_name)
        password = passphrases.make(account.rules.min_length, names)
        with self._database.transaction() as session:
            request = _still_held(session, work)
            if reason := _why_shut(session, request):
                raise PhoneShut(reason)
            request.sealed_password = self._seal.seal(password)
        return password

    def _weigh(self, work: Work, error: DirectoryError) -> Outcome | Later:
        """Try again while that can help, and say in the end what is known to be true."""
        heard = isinstance(error, OutcomeUnknown) or work.sealed_password is not None
        age = self._now() - work.created_at
        patience = TOO_OLD if heard else DIRECTORY_PATIENCE
        maybe_changed = heard or work.may_have_changed
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
        return outcomes.after_error(work.action, error, maybe_changed=maybe_changed)

    def _too_late(self, work: Work) -> Outcome:
        """Nothing was changed, unless an earlier attempt may have reached the directory."""
        if work.may_have_changed:
            return outcomes.uncertain(work.action, "too_old")
        return outcomes.stale()

    def _settle(
        self, session: Session, work: Work, result: Outcome | Later, guid: UUID | None
    ) -> int | None:
        """Keep what came of it, and put the answer into the outbox in the same transaction."""
        request = _still_held(session, work)
        now = self._now()
        if guid is not None:
            request.person.account_guid = guid
        if isinstance(result, Later):
            if not result.heard:
                request.sealed_password = None
            requests.hand_back(request, now, TRY_AGAIN)
            return None
        requests.step(request, result.state, now, result.reason)
        record(session, result.event, request, now, reason=result.reason)
        log.info(
            "request.settled",
            request=request.id,
            action=request.action,
            state=result.state,
            reason=result.reason,
            attempt=work.attempt,
        )
        phone = session.get_one(Phone, request.phone_id)
        reply = write(
            session,
            phone,
            result.template,
            result.facts,
            sender=request.sender,
            now=now,
            request=request,
        )
        return reply.id


def _find(directory: Directory, work: Work) -> Account:
    """By the immutable id once it is known, so that a renamed account is still the same."""
    if work.account_guid is not None:
        return directory.read(work.account_guid)
    return directory.find(work.username)


def _why_shut(session: Session, request: Request) -> str | None:
    phone = session.get_one(Phone, request.phone_id, populate_existing=True)
    if phone.verified_at is None:
        return "phone_shut"
    if phone.opted_out_at is not None:
        return "opted_out"
    return None if request.person.self_serve else "not_enabled"


def _still_held(session: Session, work: Work) -> Request:
    request = requests.held(session, work.request_id, work.attempt)
    if request is None:
        raise Overtaken
    return request
