"""What every directory can do for us, and what it tells of an account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from pydantic import SecretStr

from directory.errors import Refusal
from directory.people import Listed, PeopleSource


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """The effective password policy of one account. Lengths are in characters."""

    min_length: int
    complexity: bool


@dataclass(frozen=True, slots=True)
class AccountState:
    """How an account stands. Times are aware datetimes; None means never or not known."""

    locked: bool
    locked_since: datetime | None
    must_change_password: bool
    password_last_set: datetime | None
    password_expires_at: datetime | None
    password_expired: bool
    refusal: Refusal | None
    """Why a change would be refused, or None: what the adapter itself will hold against it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an account is, addressed by its immutable id (objectGUID), without how it stands."""

    guid: UUID
    username: str
    display_name: str
    rules: PasswordRules


@dataclass(frozen=True, slots=True)
class Account(Identity):
    """One account as the directory knows it."""

    state: AccountState


@dataclass(frozen=True, slots=True)
class ResetResult:
    """What was true when it was read back after the password had been set."""

    must_change_password: bool
    """They will be asked to choose a new password at their next sign-in."""
    locked: bool
    password_version: int | None = None
    """Stands for this one setting of the password, in 31 bits; None where we may not read it."""


class ReplaceResult(StrEnum):
    """What became of a one-time password that was to be replaced because nobody used it."""

    REPLACED = "replaced"
    USED = "used"
    """The account has another password, or need not change this one any more: left alone."""
    UNKNOWN = "unknown"
    """Nobody can tell whether it is in use: left alone."""


class Authentication(StrEnum):
    """What a directory says of a password that somebody gives as theirs."""

    RIGHT = "right"
    MUST_CHANGE = "must_change"
    """It is right, but has expired or has to be changed first."""
    WRONG = "wrong"
    LOCKED = "locked"
    DISABLED = "disabled"
    EXPIRED = "expired"
    NOT_NOW = "not_now"
    """Not at this time of day, or not from here."""
    TOO_RISKY = "too_risky"
    """Nothing was tried: a wrong one could come close to locking the account."""


@dataclass(frozen=True, slots=True)
class UnlockResult:
    """Whether the account had been locked, and whether it still is (both as read)."""

    was_locked: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `resetline directory test`: what was tried, and what came of it."""

    name: str
    ok: bool
    detail: str
    warning: bool = False
    """It works, but without something; the detail tells what that costs."""


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """How to reach one organization's directory. Timeouts are whole seconds."""

    urls: Sequence[str]
    """`ldaps://host[:port]`, or `ldap://host[:port]` which must succeed with StartTLS first."""
    base_dn: str
    bind_dn: str
    """A distinguished name or a user principal name."""
    bind_password: SecretStr
    ca_pem: str | None = None
    """The certificate authorities to trust instead of the system's own."""
    protected_groups: Sequence[str] = field(default_factory=tuple)
    """Distinguished names of groups whose members, also nested, are never touched."""
    connect_timeout_seconds: int = 3
    receive_timeout_seconds: int = 5
    deadline_seconds: int = 20
    """For one whole operation, over all domain controllers."""
    page_seconds: int = 30
    """For each page of a listing, which may have to look through the whole directory."""


class Directory(Protocol):
    """One organization's directory. Not thread-safe: one for each worker process.

    Every method raises only errors of `directory.errors`, and ends within the deadline; a listing
    has one for each page.
    """

    def find(self, username: str) -> Account:
        """By logon name (sAMAccountName or user principal name).

        AccountRefused(NOT_FOUND | AMBIGUOUS | OUTSIDE_BASE) where there is not exactly one.
        """
        ...

    def identify(self, who: str | UUID) -> Identity:
        """What a change needs to know, by logon name as in `find` or by immutable id.

        The quick way: whether the account may be touched is left to the change, which asks anew.
        """
        ...

    def read(self, guid: UUID) -> Account:
        """By immutable id, so that a renamed or moved account is still found."""
        ...

    def people(self, source: PeopleSource) -> Iterator[Listed]:
        """Everybody whom a source means, page by page, on a connection of its own.

        DirectoryMisconfigured at once where the source is not sound. After that a listing that
        ends without an error is whole: whoever is not in it was not there. Somebody who is moved
        meanwhile may be missing, or come twice.
        One account that cannot be read is a BadEntry and stops nothing.
        """
        ...

    def reset(
        self, guid: UUID, password: SecretStr, *, must_change: bool = True, unlock: bool = True
    ) -> ResetResult:
        """Check the account again, set the password in one write, and read back the truth.

        Repeating it with the same password changes nothing more.
        """
        ...

    def replace_unused(
        self, guid: UUID, password_version: int, throwaway: SecretStr
    ) -> ReplaceResult:
        """Put a password that nobody knows where one of ours still waits for its first use.

        `password_version` is what `reset` told. The account is checked again, its lockout is
        left as it is, and a password that somebody else has set since is never touched.
        After OutcomeUnknown repeat it with the same version, and any throwaway: USED then also
        stands for an earlier attempt of ours that was carried out after all.
        """
        ...

    def unlock(self, guid: UUID) -> UnlockResult:
        """Unlock the account if it is locked now; write nothing if it is not."""
        ...

    def authenticate(self, guid: UUID, password: SecretStr) -> Authentication:
        """Whether this is the account's password, by one sign-in with it and never a second.

        The account is checked as before a change. DirectoryUnreachable where no answer came: the
        directory may have counted it all the same.
        """
        ...

    def check(self) -> Sequence[Check]:
        """Try out the connection step by step for an operator. Raises nothing."""
        ...

    def close(self) -> None:
        """End the kept connection, if there is one."""
        ...
