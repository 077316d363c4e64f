"""Attributes that are computed when they are asked for by name, and that no filter can use."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from simulator.active_directory.accounts import Control, User
from simulator.active_directory.domain import Domain
from simulator.active_directory.entries import Values
from simulator.active_directory.filetimes import filetime
from simulator.active_directory.rights import Right

_UNICODE_PWD = 0x0009_005A
_TICKS_IN_A_SECOND = 10_000_000

_WRITABLE_BY_RIGHT = {
    Right.WRITE_LOCKOUT_TIME: "lockoutTime",
    Right.WRITE_PWD_LAST_SET: "pwdLastSet",
}


@dataclass(frozen=True, slots=True)
class Computed:
    """One such attribute."""

    name: str
    of: Callable[[Domain, User, User], Values]
    """Given the domain, the object and whoever asks."""
    base_only: bool = False


def _standing(domain: Domain, user: User, _caller: User) -> Values:
    policy, now = domain.policy_of(user), domain.now()
    bits = Control.LOCKED_OUT if user.is_locked(policy, now) else Control(0)
    if user.password_expires(policy) <= filetime(now):
        bits |= Control.PASSWORD_EXPIRED
    return (str(int(bits)).encode(),)


def _expiry(domain: Domain, user: User, _caller: User) -> Values:
    return (str(user.password_expires(domain.policy_of(user))).encode(),)


def _policy(domain: Domain, user: User, _caller: User) -> Values:
    found = domain.fine_grained_policy_of(user)
    return (found.entry.dn.encode(),) if found else ()


def _token_groups(domain: Domain, user: User, _caller: User) -> Values:
    return tuple(domain.token_groups(user))


def _writable(domain: Domain, user: User, caller: User) -> Values:
    rights = domain.rights_of(caller, user)
    return tuple(name.encode() for right, name in _WRITABLE_BY_RIGHT.items() if right in rights)


def _replication(domain: Domain, user: User, _caller: User) -> Values:
    """How often each attribute was written, when and where; here of the password alone.

    A real controller stores it, and tells it of every attribute that was ever written.
    """
    kept = user.passwords
    first = next(iter(domain.controllers.values()))
    where = domain.target(first.settings_dn).guid.bytes_le
    number = user.number("uSNCreated") + kept.version
    written = (kept.version, kept.set_at // _TICKS_IN_A_SECOND, where, number, number)
    return (struct.pack("<IIII", 1, 0, 1, 0) + struct.pack("<IIQ16sQQ", _UNICODE_PWD, *written),)


COMPUTED = {
    computed.name.lower(): computed
    for computed in (
        Computed("msDS-User-Account-Control-Computed", _standing),
        Computed("msDS-UserPasswordExpiryTimeComputed", _expiry),
        Computed("msDS-ResultantPSO", _policy),
        Computed("tokenGroups", _token_groups, base_only=True),
        Computed("allowedAttributesEffective", _writable),
        Computed("replPropertyMetaData", _replication),
    )
}
