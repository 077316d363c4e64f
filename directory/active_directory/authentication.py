"""Whether a password is somebody's: one bind with it, and only where it cannot lock them out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import SecretStr

from directory.accounts import Authentication
from directory.active_directory.entries import Entry
from directory.active_directory.reading import FOR_A_DECISION, is_locked
from directory.active_directory.session import Session
from directory.active_directory.times import TICKS_IN_A_MICROSECOND, moment
from directory.errors import AccountRefused, DirectoryMisconfigured, UnexpectedAnswer

LONGEST_PASSWORD = 256
LEFT_AFTER_OURS = 2
"""So many wrong passwords the person still has, should the one that we try be wrong."""

FOR_AN_ATTEMPT = (
    *FOR_A_DECISION,
    *("distinguishedName", "badPwdCount", "badPasswordTime", "msDS-ResultantPSO"),
)
"""What must be known before a password is tried."""

MEANINGS: Mapping[str, Authentication] = {
    "52e": Authentication.WRONG,
    "525": Authentication.WRONG,
    "530": Authentication.NOT_NOW,
    "531": Authentication.NOT_NOW,
    "532": Authentication.MUST_CHANGE,
    "533": Authentication.DISABLED,
    "701": Authentication.EXPIRED,
    "773": Authentication.MUST_CHANGE,
    "775": Authentication.LOCKED,
}
"""By the code that Windows puts into the answer to a bind; 532 and 773 come for right ones only."""

SIGN_IN_CODE = re.compile(r"\bdata ([0-9A-Fa-f]{1,8})\b")
NOT_TOLD = (AccountRefused, DirectoryMisconfigured, UnexpectedAnswer)


def could_be_one(password: SecretStr) -> bool:
    """An empty one would sign nobody in and yet succeed (RFC 4513, section 5.1.2)."""
    text = password.get_secret_value()
    return 0 < len(text) <= LONGEST_PASSWORD and "\0" not in text


def why_not_try(session: Session, account: Entry, now: datetime) -> Authentication | None:
    """Why a wrong password could do harm here, or None.

    Every controller counts for itself and tells the PDC emulator, which is asked here.
    """
    if is_locked(account):
        return Authentication.LOCKED
    threshold, window = _lockout(session, account)
    if threshold == 0:
        return None
    left = threshold - counted(account, window, now)
    return None if left > LEFT_AFTER_OURS else Authentication.TOO_RISKY


def meaning_of(code: int, message: str) -> Authentication:
    """What the answer to a bind says of the password. Raises UnexpectedAnswer."""
    if code == 0:
        return Authentication.RIGHT
    found = SIGN_IN_CODE.search(message)
    known = MEANINGS.get(found[1].lower()) if found and code == 49 else None
    if known is None:
        raise UnexpectedAnswer(f"an answer to a sign-in that we have no name for (LDAP {code})")
    return known


def counted(account: Entry, window: timedelta, now: datetime) -> int:
    """How many wrong ones count still: the number itself stays when their time is over.

    It is not replicated, so a controller where somebody never mistyped may have none to show; nor
    has one that does not let us read it. So some are taken for granted then.
    """
    if not account.all("badPwdCount"):
        return TAKEN_FOR_GRANTED
    last = moment(account.number("badPasswordTime", 0))
    if last is not None and window and now - last > window:
        return 0
    return account.number("badPwdCount", 0)


def _lockout(session: Session, account: Entry) -> tuple[int, timedelta]:
    """After how many wrong ones it locks, and in which time; a policy of one's own goes first.

    A fine-grained policy that we may not read can be stricter than the domain's: then we guess
    that it locks as soon as any is known to.
    """
    head = session.read(session.domain_dn, ("lockoutThreshold", "lockOutObservationWindow"))
    domain = head.required_number("lockoutThreshold")
    window = _interval(head.number("lockOutObservationWindow", 0))
    own = account.text("msDS-ResultantPSO")
    if not own:
        return domain, window
    try:
        policy = session.read(own, ("msDS-LockoutThreshold", "msDS-LockoutObservationWindow"))
        return (
            policy.required_number("msDS-LockoutThreshold"),
            _interval(policy.number("msDS-LockoutObservationWindow", 0)),
        )
    except NOT_TOLD:
        return STRICTEST, timedelta(0)


TAKEN_FOR_GRANTED = 3
"""Wrong passwords, where nobody tells how many there were."""

STRICTEST = LEFT_AFTER_OURS + 1
"""What an unreadable policy is taken for: a password is tried where none was wrong yet."""


def _interval(negative: int) -> timedelta:
    """Active Directory writes durations as negative numbers of 100 nanoseconds."""
    return timedelta(microseconds=-negative // TICKS_IN_A_MICROSECOND)
