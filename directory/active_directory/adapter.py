"""One organization's Active Directory: find, read, reset and unlock accounts, and check it all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from pydantic import SecretStr

from directory.accounts import (
    Account,
    Authentication,
    Check,
    DirectorySettings,
    Identity,
    ReplaceResult,
    ResetResult,
    UnlockResult,
)
from directory.active_directory import reading
from directory.active_directory.authentication import (
    FOR_AN_ATTEMPT,
    could_be_one,
    meaning_of,
    why_not_try,
)
from directory.active_directory.controllers import Controllers
from directory.active_directory.diagnosis import Diagnosis
from directory.active_directory.domain import Domain
from directory.active_directory.eligibility import Circumstances, refusal
from directory.active_directory.entries import Entry
from directory.active_directory.listing import A_PERSON, Listing
from directory.active_directory.messages import all_of, any_of, equal
from directory.active_directory.names import is_distinguished, lies_under
from directory.active_directory.passwords import Changes, setting, unlocking
from directory.active_directory.session import Session, guid_dn
from directory.active_directory.silence import silence_ldap3
from directory.active_directory.wire import Clock, Endpoint
from directory.errors import (
    AccountRefused,
    DirectoryError,
    DirectoryMisconfigured,
    OutcomeUnknown,
    Refusal,
)
from directory.people import Listed, PeopleSource

LONGEST_USERNAME = 256


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


class ActiveDirectory:
    """The `Directory` for Active Directory. Keeps one connection; close it at the end."""

    def __init__(
        self,
        settings: DirectorySettings,
        *,
        clock: Clock = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        silence_ldap3()
        _require_sound(settings)
        self._settings = settings
        self._now = now
        self._domain = Domain(settings, clock)
        self._controllers = Controllers(settings, self._domain, clock)

    def find(self, username: str) -> Account:
        """By logon name, in the whole domain: a second match anywhere makes it ambiguous."""
        return self._controllers.on_any(lambda session: self._find(session, username))

    def identify(self, who: str | UUID) -> Identity:
        """Who they are, in one search: what a reset needs to know before it makes a password."""
        return self._controllers.on_any(lambda session: self._identify(session, who))

    def read(self, guid: UUID) -> Account:
        """By immutable id."""
        return self._controllers.on_any(lambda session: self._read(session, guid))

    def people(self, source: PeopleSource) -> Iterator[Listed]:
        """Everybody whom a source means, in pages; the source is looked at at once."""
        return Listing(self._settings, self._controllers, source, self._now).people()

    def reset(
        self, guid: UUID, password: SecretStr, *, must_change: bool = True, unlock: bool = True
    ) -> ResetResult:
        """Set the password in one write, and tell what was then true."""
        changes = setting(password, must_change=must_change, unlock=unlock)
        return self._controllers.on_pdc(lambda session: self._reset(session, guid, changes))

    def replace_unused(
        self, guid: UUID, password_version: int, throwaway: SecretStr
    ) -> ReplaceResult:
        """Replace a one-time password of ours, unless it was used or may be in use."""
        changes = setting(throwaway, must_change=True, unlock=False)
        return self._controllers.on_pdc(
            lambda session: self._replace(session, guid, password_version, changes)
        )

    def unlock(self, guid: UUID) -> UnlockResult:
        """Unlock where the lockouts are kept, if it is locked at all."""
        return self._controllers.on_pdc(lambda session: self._unlock(session, guid))

    def authenticate(self, guid: UUID, password: SecretStr) -> Authentication:
        """One sign-in on a connection of its own, where the wrong passwords are counted."""
        if not could_be_one(password):
            return Authentication.WRONG
        looked = self._controllers.on_pdc(lambda session: self._attempt(session, guid))
        if isinstance(looked, Authentication):
            return looked
        endpoint, name = looked
        return meaning_of(*self._controllers.tried(endpoint, name, password))

    def check(self) -> Sequence[Check]:
        """Try out everything that the other methods rely on."""
        diagnosis = Diagnosis(self._settings, self._controllers, self._domain, self._now)
        return diagnosis.checks()

    def close(self) -> None:
        """End the kept connection."""
        self._controllers.close()

    def _find(self, session: Session, username: str) -> Account:
        return self._read(session, self._named(session, username, ("objectGUID",)).guid())

    def _identify(self, session: Session, who: str | UUID) -> Identity:
        if isinstance(who, UUID):
            entry = session.read(guid_dn(who), reading.FOR_AN_IDENTITY)
        else:
            entry = self._named(session, who, reading.FOR_AN_IDENTITY)
        return reading.identity_of(entry, self._domain.rules_for(session, entry))

    def _named(self, session: Session, username: str, attributes: Sequence[str]) -> Entry:
        if not _could_be_a_name(username):
            raise AccountRefused(Refusal.NOT_FOUND)
        named = (equal(each, username.strip()) for each in ("sAMAccountName", "userPrincipalName"))
        where = all_of(*A_PERSON, any_of(*named))
        found = session.search(session.domain_dn, where, attributes, at_most=2)
        if len(found) != 1:
            raise AccountRefused(Refusal.AMBIGUOUS if found else Refusal.NOT_FOUND)
        if not lies_under(found[0].dn, self._settings.base_dn):
            raise AccountRefused(Refusal.OUTSIDE_BASE)
        return found[0]

    def _read(self, session: Session, guid: UUID) -> Account:
        entry = session.read(guid_dn(guid), reading.FOR_AN_ACCOUNT)
        refused = self._refusal(session, entry)
        return reading.account_of(entry, self._domain.rules_for(session, entry), refused)

    def _reset(self, session: Session, guid: UUID, changes: Changes) -> ResetResult:
        self._eligible(session, guid)
        session.modify(guid, changes)
        return self._read_back(session, guid)

    def _replace(
        self, session: Session, guid: UUID, version: int, changes: Changes
    ) -> ReplaceResult:
        """Nothing is read back: once the modify has succeeded, there is nothing more to tell."""
        account = self._eligible(session, guid, reading.FOR_A_REPLACEMENT)
        reason = reading.why_not_replace(account, version)
        if reason:
            return reason
        session.modify(guid, changes)
        return ReplaceResult.REPLACED

    def _unlock(self, session: Session, guid: UUID) -> UnlockResult:
        if not reading.is_locked(self._eligible(session, guid)):
            return UnlockResult(was_locked=False, locked=False)
        session.modify(guid, unlocking())
        return UnlockResult(was_locked=True, locked=self._read_back(session, guid).locked)

    def _attempt(self, session: Session, guid: UUID) -> Authentication | tuple[Endpoint, str]:
        """Where and under which name to try a password, or why not to."""
        account = self._eligible(session, guid, FOR_AN_ATTEMPT)
        risk = why_not_try(session, account, self._now())
        return risk or (session.endpoint, account.text("distinguishedName") or account.dn)

    def _eligible(
        self, session: Session, guid: UUID, attributes: Sequence[str] = reading.FOR_A_DECISION
    ) -> Entry:
        """The account, checked on the very connection that will write."""
        entry = session.read(guid_dn(guid), attributes)
        refused = self._refusal(session, entry)
        if refused:
            raise AccountRefused(refused)
        return entry

    def _refusal(self, session: Session, entry: Entry) -> Refusal | None:
        protected = self._domain.protected_sids(session)
        here = Circumstances(self._settings.base_dn, protected, self._now())
        refused = refusal(entry, here)
        if refused is not Refusal.NOT_A_PERSON:
            entry.require(reading.COMPUTED_FLAGS)
        return refused

    def _read_back(self, session: Session, guid: UUID) -> ResetResult:
        """What is true after a write. It was made, so no error here may say that it was not."""
        try:
            after = session.read(guid_dn(guid), reading.FOR_THE_TRUTH)
            version = reading.password_version(after)
            return ResetResult(reading.must_change(after), reading.is_locked(after), version)
        except DirectoryError:
            raise OutcomeUnknown("the change was made, but could not be read back") from None


def _could_be_a_name(username: str) -> bool:
    """Whether it can be sent at all: halves of surrogates have no bytes."""
    encoded = username.encode(errors="ignore").decode()
    return 0 < len(username.strip()) <= LONGEST_USERNAME and encoded == username


def _require_sound(settings: DirectorySettings) -> None:
    """An error at start-up names what is wrong, before anybody waits for an answer."""
    seconds = (
        settings.connect_timeout_seconds,
        settings.receive_timeout_seconds,
        settings.deadline_seconds,
        settings.page_seconds,
    )
    faults = {
        "no URL is given": not settings.urls,
        f"{settings.base_dn!r} is not a distinguished name": not is_distinguished(settings.base_dn),
        "no account to sign in with is given": not settings.bind_dn,
        "no password to sign in with is given": not settings.bind_password.get_secret_value(),
        "a timeout is a whole number of seconds, at least 1": any(
            type(value) is not int or value < 1 for value in seconds
        ),
    }
    for fault in (words for words, holds in faults.items() if holds):
        raise DirectoryMisconfigured(fault)
