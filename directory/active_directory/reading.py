"""Turns what a domain controller tells of an account into our own words."""

from __future__ import annotations

from uuid import UUID

from directory.accounts import Account, AccountState, Identity, PasswordRules, ReplaceResult
from directory.active_directory.entries import Entry
from directory.active_directory.replication import METADATA
from directory.active_directory.replication import password_version as version_in
from directory.active_directory.times import moment
from directory.errors import Refusal

LOCKED_OUT = 0x10
PASSWORD_EXPIRED = 0x800000
PASSWORD_NEVER_EXPIRES = 0x10000

COMPUTED_FLAGS = "msDS-User-Account-Control-Computed"

FOR_THE_TRUTH = ("userAccountControl", "pwdLastSet", COMPUTED_FLAGS, METADATA)
"""What is read back after a write."""

FOR_A_DECISION = (
    *("userAccountControl", COMPUTED_FLAGS, "sAMAccountType", "accountExpires"),
    *("objectSid", "adminCount", "tokenGroups"),
)
"""What must be known before a write."""

FOR_A_REPLACEMENT = (*FOR_A_DECISION, "pwdLastSet", METADATA)
"""What must be known before a one-time password is replaced."""

FOR_AN_IDENTITY = ("objectGUID", "sAMAccountName", "displayName", "msDS-ResultantPSO")
"""What must be known before a password is made."""

FOR_AN_ACCOUNT = (
    *FOR_A_DECISION,
    *FOR_AN_IDENTITY,
    *("lockoutTime", "pwdLastSet", "msDS-UserPasswordExpiryTimeComputed"),
)
"""Everything, in one search. The computed ones are only told when they are asked for by name."""


def is_locked(account: Entry) -> bool:
    """Whether it is locked out now.

    lockoutTime alone does not say: it stays after the lockout has run out. The computed flags
    know the lockout duration, also that of a fine-grained policy.
    """
    return bool(account.number(COMPUTED_FLAGS, 0) & LOCKED_OUT)


def password_version(account: Entry) -> int | None:
    """Which write the password comes from; None where we may not read it."""
    return version_in(b"".join(account.all(METADATA)[:1]))


def must_change(account: Entry) -> bool:
    """Whether Windows will ask for a new password: 0 does not, where passwords never expire."""
    never_expires = account.number("userAccountControl", 0) & PASSWORD_NEVER_EXPIRES
    return account.number("pwdLastSet", 0) == 0 and not never_expires


def account_of(entry: Entry, rules: PasswordRules, refusal: Refusal | None) -> Account:
    """The account as the rest of the product knows it."""
    return Account(*_named(entry), rules, state=_state(entry, refusal))


def identity_of(entry: Entry, rules: PasswordRules) -> Identity:
    """Who it is, without how it stands."""
    return Identity(*_named(entry), rules)


def _named(entry: Entry) -> tuple[UUID, str, str]:
    username = entry.text("sAMAccountName")
    return entry.guid(), username, entry.text("displayName") or username


def _state(entry: Entry, refusal: Refusal | None) -> AccountState:
    locked = is_locked(entry)
    computed = entry.number(COMPUTED_FLAGS, 0)
    return AccountState(
        locked=locked,
        locked_since=moment(entry.number("lockoutTime", 0)) if locked else None,
        must_change_password=must_change(entry),
        password_last_set=moment(entry.number("pwdLastSet", 0)),
        password_expires_at=moment(entry.number("msDS-UserPasswordExpiryTimeComputed", 0)),
        password_expired=bool(computed & PASSWORD_EXPIRED),
        refusal=refusal,
    )


def why_not_replace(account: Entry, version: int) -> ReplaceResult | None:
    """Why a one-time password of ours has to stay, or None: nobody has used it.

    Where passwords never expire, Windows asks nobody to change it at the first sign-in, so it
    may be in daily use and look untouched.
    """
    present = password_version(account)
    if present is None or not account.all("pwdLastSet"):
        return ReplaceResult.UNKNOWN
    if present != version or account.number("pwdLastSet", 0) != 0:
        return ReplaceResult.USED
    return None if must_change(account) else ReplaceResult.UNKNOWN
