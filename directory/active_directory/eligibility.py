"""Which accounts we never touch, decided by us before any write and not left to the directory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from directory.active_directory.entries import Entry
from directory.active_directory.names import lies_under
from directory.active_directory.times import moment
from directory.errors import Refusal

ACCOUNT_DISABLED = 0x2
PASSWORD_NOT_REQUIRED = 0x20
SMART_CARD_REQUIRED = 0x40000
ORDINARY_USER = 805306368

BUILTIN_DOMAIN = bytes.fromhex("0102 000000000005 20000000")
"""How the SID of a built-in group begins: S-1-5-32-…"""
A_DOMAIN = bytes.fromhex("0105 000000000005 15000000")
"""How the SID of an account or group of any domain begins: S-1-5-21-…"""

PRIVILEGED_BUILTIN_GROUPS = frozenset({544, 548, 549, 550, 551, 552})
"""Administrators, Account, Server, Print and Backup Operators, Replicator."""
PRIVILEGED_DOMAIN_GROUPS = frozenset({512, 516, 518, 519, 520, 521, 526, 527})
"""Domain, Schema and Enterprise Admins, (read-only) controllers, policy owners, Key Admins."""
PRIVILEGED_ACCOUNTS = frozenset({500, 502})
"""The Administrator and krbtgt, whatever they are called."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What an account is held against."""

    base_dn: str
    protected_sids: frozenset[bytes]
    now: datetime


Reasons = Sequence[tuple[Refusal, Callable[[Entry, Circumstances], bool]]]


def refusal(account: Entry, circumstances: Circumstances) -> Refusal | None:
    """The first reason not to touch an account, or None.

    What it needs to decide must be readable: RightMissing otherwise, never a guess.
    """
    return _first(REASONS, account, circumstances)


def inactivity(account: Entry, circumstances: Circumstances) -> Refusal | None:
    """Why nobody can sign in with it, or None. It needs nothing that a listing does not tell."""
    return _first(INACTIVE, account, circumstances)


def ineligibility(account: Entry, circumstances: Circumstances) -> Refusal | None:
    """Another reason not to touch it, as far as a listing tells, which knows no groups."""
    return _first(INELIGIBLE, account, circumstances)


def _first(reasons: Reasons, account: Entry, circumstances: Circumstances) -> Refusal | None:
    return next((reason for reason, holds in reasons if holds(account, circumstances)), None)


def _not_a_person(account: Entry, _: Circumstances) -> bool:
    return account.number("sAMAccountType", 0) != ORDINARY_USER


def _outside_base(account: Entry, circumstances: Circumstances) -> bool:
    return not lies_under(account.dn, circumstances.base_dn)


def _protected(account: Entry, circumstances: Circumstances) -> bool:
    groups = account.require("tokenGroups")
    return (
        _is_marked(account, circumstances)
        or any(is_privileged(group) for group in groups)
        or not circumstances.protected_sids.isdisjoint(groups)
    )


def _is_marked(account: Entry, _: Circumstances) -> bool:
    """Whether the account itself says that it has power, or once had."""
    return (
        account.number("adminCount", 0) > 0
        or relative_id(account.require("objectSid")[0]) in PRIVILEGED_ACCOUNTS
    )


def _flag(flag: int) -> Callable[[Entry, Circumstances], bool]:
    return lambda account, _: bool(account.required_number("userAccountControl") & flag)


def _expired(account: Entry, circumstances: Circumstances) -> bool:
    """Without a value it never expires: who may read userAccountControl may read this too."""
    ends_at = moment(account.number("accountExpires", 0))
    return ends_at is not None and ends_at <= circumstances.now


INACTIVE: Reasons = (
    (Refusal.DISABLED, _flag(ACCOUNT_DISABLED)),
    (Refusal.EXPIRED, _expired),
)
PASSWORDLESS: Reasons = (
    (Refusal.SMART_CARD_ONLY, _flag(SMART_CARD_REQUIRED)),
    (Refusal.PASSWORD_NOT_REQUIRED, _flag(PASSWORD_NOT_REQUIRED)),
)
INELIGIBLE: Reasons = ((Refusal.PROTECTED, _is_marked), *PASSWORDLESS)
REASONS: Reasons = (
    (Refusal.NOT_A_PERSON, _not_a_person),
    (Refusal.OUTSIDE_BASE, _outside_base),
    (Refusal.PROTECTED, _protected),
    *INACTIVE,
    *PASSWORDLESS,
)
"""In this order: what matters most for safety is said first, and is what the audit keeps."""


def is_privileged(group_sid: bytes) -> bool:
    """Whether a group of any domain of the forest holds power over the directory itself."""
    if group_sid.startswith(BUILTIN_DOMAIN):
        return relative_id(group_sid) in PRIVILEGED_BUILTIN_GROUPS
    return group_sid.startswith(A_DOMAIN) and relative_id(group_sid) in PRIVILEGED_DOMAIN_GROUPS


def relative_id(sid: bytes) -> int:
    """The last part of a SID, which tells accounts and groups of a domain apart."""
    return int.from_bytes(sid[-4:], "little")
