"""Asks the directory for what one request wants; it can be broken off anywhere and begun anew."""

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

from directory.accounts import Directory, Identity
from directory.errors import AccountRefused, DirectoryError, OutcomeUnknown, PasswordRejected
from gateway import passphrases
from gateway.engine import outcomes, requests
from gateway.engine.admission import Admission
from gateway.engine.allowances import Allowances, CannotSay
from gateway.engine.directories import Directories, DirectoryProfile
from gateway.engine.outcomes import Outcome
from gateway.engine.permissions import objection
from gateway.engine.phone_risk import PhoneRisk
from gateway.passphrases import PasswordImpossible
from gateway.records.assignments import Assignment, assignment
from gateway.records.database import Database
from gateway.seal import Seal
from handlers.conversation import Action

log = structlog.get_logger()

TOO_OLD: Final = timedelta(minutes=5)
"""Whoever asked has found another way by now: an older request is not carried out."""

DIRECTORY_PATIENCE: Final = timedelta(minutes=2)
"""How long a directory that does not answer is tried before the person is told."""

REDIS_PATIENCE: Final = timedelta(minutes=1)
"""How long is waited until limits can be counted again, before the person is told to call."""

UNCOUNTED: Final = "uncounted"
"""The reason of a request that every attempt so far has let wait until limits can be counted."""

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
class Later:
    """Nothing is decided yet. `heard` tells whether the directory may know a sealed password.

    `is_counted` tells whether the limits know of it, so that trying again is not counted again.
    """

    heard: bool
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class AskWord:
    """Nothing is done before a word comes back that only the verified phone is told."""


Result = Outcome | Later | AskWord


class Actor:
    """Acts on accounts. No database session is open while a directory is being waited for."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        directories: Directories,
        risk: PhoneRisk,
        now: Callable[[], datetime],
        allowances: Allowances,
    ) -> None:
        self._database = database
        self._seal = seal
        self._directories = directories
        self._risk = risk
        self._now = now
        self._admission = Admission(allowances, now)

    def act(self, work: Assignment) -> tuple[Result, UUID | None]:
        """What came of it, and the account's immutable id as far as it was learnt.

        Raises Overtaken where another attempt holds the request by now.
        """
        if self._now() - work.asked_at > TOO_OLD:
            return self._too_late(work), None
        if not _may_have_changed(work) and (other := self._instead(work)):
            return other, None
        return self._changed(work)

    def _instead(self, work: Assignment) -> Result | None:
        """What is done in place of what was asked for, before the directory hears of it."""
        refused = objection(work, self._now())
        match self._admission.of(work, refused):
            case CannotSay() if self._now() - work.asked_at + TRY_AGAIN < REDIS_PATIENCE:
                return Later(heard=False, is_counted=False)
            case CannotSay():
                return outcomes.cannot_count(Action(work.action))
            case Outcome() as instead:
                return instead
            case None if work.needs_word:
                return None
            case None:
                self._count(work)
                return self._risk.objection(work)

    def _count(self, work: Assignment) -> None:
        """Written down where it waited for that: whoever comes next must know that this began."""
        if work.reason != UNCOUNTED:
            return
        admitted = {"reason": "", "admitted_at": self._now()}
        with self._database.transaction() as session:
            if not requests.keep(session, work.request_id, work.attempt, **admitted):
                raise Overtaken

    def _changed(self, work: Assignment) -> tuple[Result, UUID | None]:
        guid = None
        try:
            directory = self._directories.of(DirectoryProfile.assigned(work))
            if work.needs_word and not _may_have_changed(work):
                return _asked_first(work, directory), None
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
            return outcomes.not_allowed(Action(work.action), error.reason), guid
        except PasswordImpossible as error:
            log.error("request.no_password_possible", request=work.request_id, detail=str(error))
            return outcomes.impossible(Action(work.action)), guid

    def _status(self, work: Assignment, directory: Directory) -> Outcome:
        known = work.account_guid
        account = directory.read(known) if known else directory.find(work.username)
        zone = ZoneInfo(work.time_zone)
        return outcomes.after_status(account.state, work.policy, self._now(), zone, work.language)

    def _reset(self, work: Assignment, directory: Directory, account: Identity) -> Outcome:
        """Set the password that was sealed before, or a fresh one that is sealed first.

        The domain may be stricter than it says (a filter, a banned list): then another is tried.
        """
        password = self._sealed_before(work) or self._make(work, account)
        for _ in range(PASSWORD_TRIES - 1):
            try:
                return _set(work, directory, account, password)
            except PasswordRejected:
                if work.sealed_password:  # it may be set all the same: no other may be told
                    return outcomes.uncertain(Action(work.action), "password_rejected")
                password = self._make(work, account)
        return _set(work, directory, account, password)

    def _sealed_before(self, work: Assignment) -> SecretStr | None:
        return self._seal.unseal(work.sealed_password) if work.sealed_password else None

    def _make(self, work: Assignment, account: Identity) -> SecretStr:
        """Make a password and commit it, sealed, before the directory hears of it."""
        names, words = (account.username, account.display_name), work.policy.password_words
        password = passphrases.make(account.rules.min_length, names, words=words)
        with self._database.transaction() as session:
            _seal_away(session, work, self._seal.seal(password))
        return password

    def _weigh(self, work: Assignment, error: DirectoryError) -> Outcome | Later:
        """Try again while that can help, and say in the end what is known to be true."""
        heard = isinstance(error, OutcomeUnknown) or work.sealed_password is not None
        age = self._now() - work.asked_at
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
            return Later(heard)
        return outcomes.after_error(Action(work.action), error, maybe_changed=maybe_changed)

    def _too_late(self, work: Assignment) -> Outcome:
        """Nothing was changed, unless an earlier attempt may have reached the directory."""
        if _may_have_changed(work):
            return outcomes.uncertain(Action(work.action), "too_old")
        return outcomes.stale()


def _asked_first(work: Assignment, directory: Directory) -> Result:
    """Nobody is asked for a word that could then lead to nothing."""
    known = work.account_guid
    account = directory.read(known) if known else directory.find(work.username)
    if account.state.refusal:
        raise AccountRefused(account.state.refusal)
    return AskWord()


def _set(work: Assignment, directory: Directory, account: Identity, password: SecretStr) -> Outcome:
    policy = work.policy
    result = directory.reset(
        account.guid, password, must_change=policy.must_change, unlock=policy.unlock_on_reset
    )
    return outcomes.after_reset(result, policy)


def _unlock(work: Assignment, directory: Directory, guid: UUID) -> Outcome:
    repeated = _may_have_changed(work)
    return outcomes.after_unlock(directory.unlock(guid), work.policy, repeated=repeated)


def _may_have_changed(work: Assignment) -> bool:
    """An unlock seals nothing, so any earlier attempt of one may have reached the directory."""
    is_repeated = work.attempt > 1 and work.reason != UNCOUNTED
    repeated_unlock = work.action == Action.UNLOCK and is_repeated
    return work.sealed_password is not None or repeated_unlock


def _seal_away(session: Session, work: Assignment, sealed_password: str) -> None:
    """Keep a password for this attempt, unless its phone was shut meanwhile."""
    if requests.seal_away(session, work.request_id, work.attempt, sealed_password):
        return
    current = assignment(session, work.request_id)
    if current and current.attempt == work.attempt and current.shut:
        raise PhoneShut(current.shut)
    raise Overtaken
