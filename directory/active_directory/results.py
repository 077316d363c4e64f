"""What each answer of a domain controller means for us, as one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from directory.errors import (
    AccountRefused,
    ConnectionNotSecure,
    DirectoryBusy,
    DirectoryError,
    DirectoryMisconfigured,
    DirectoryUnreachable,
    PasswordRejected,
    Refusal,
    RightMissing,
    ServiceAccountRefused,
    UnexpectedAnswer,
)

SUCCESS = 0
SIZE_LIMIT_EXCEEDED = 4
NO_SUCH_OBJECT = 32

WINDOWS_CODE = re.compile(r"[0-9A-Fa-f]{8}(?![0-9A-Fa-f])")
SIGN_IN_CODE = re.compile(r"\bdata ([0-9A-Fa-f]{1,8})\b")

ErrorOf = Callable[[str], DirectoryError]


def _not_found(_: str) -> DirectoryError:
    return AccountRefused(Refusal.NOT_FOUND)


MEANINGS: Mapping[tuple[int, str | None], tuple[ErrorOf, str]] = {
    (1, "000004DC"): (DirectoryUnreachable, "the controller has forgotten our sign-in"),
    (1, None): (UnexpectedAnswer, "operations error"),
    (3, None): (DirectoryBusy, "time limit exceeded"),
    (8, None): (ConnectionNotSecure, "the controller demands a stronger connection"),
    (10, None): (DirectoryMisconfigured, "it points us to another domain or a writable controller"),
    (12, None): (DirectoryMisconfigured, "it does not know an extension that we asked for"),
    (19, "0000052D"): (PasswordRejected, "the domain's password policy refused it"),
    (19, "00000056"): (UnexpectedAnswer, "the old password was wrong, and we sent none"),
    (19, None): (UnexpectedAnswer, "it refused a value"),
    (32, None): (_not_found, "no such object"),
    (49, None): (ServiceAccountRefused, "our sign-in was refused"),
    (50, None): (RightMissing, "the service account lacks a right on this account"),
    (51, None): (DirectoryBusy, "busy"),
    (52, None): (DirectoryBusy, "unavailable"),
    (53, "0000052D"): (PasswordRejected, "the domain's password policy refused it"),
    (53, "0000001F"): (ConnectionNotSecure, "it says that the connection is not encrypted"),
    (53, None): (UnexpectedAnswer, "unwilling"),
    (80, None): (DirectoryBusy, "internal error"),
}
"""By result code and the first eight hexadecimal digits of its message; None stands for the rest.

One code may mean many things: 53 is a weak password, a plain connection or a read-only controller,
and only the Windows code in front of the message tells which.
"""

SIGN_IN_REASONS: Mapping[str, str] = {
    "525": "there is no such account",
    "52e": "wrong name or password",
    "530": "not at this time of day",
    "531": "not from this computer",
    "532": "its password has expired",
    "533": "the account is disabled",
    "701": "the account has expired",
    "773": "it has to change its password first",
    "775": "the account is locked out",
}


def error_for(result: Mapping[str, Any]) -> DirectoryError:
    """The error for an answer that is not a success.

    It tells codes and our own words only: the controller's message may carry names.
    """
    code, message = result["result"], str(result["message"] or "")
    windows = _windows_code(message)
    unknown: tuple[ErrorOf, str] = (UnexpectedAnswer, "an answer that we have no name for")
    meaning = MEANINGS.get((code, windows)) or MEANINGS.get((code, None)) or unknown
    make, words = meaning
    shown = f"LDAP {code}" + (f", Windows {windows}" if windows else "")
    return make(f"{words}{_sign_in_reason(message)} ({shown})")


def _windows_code(message: str) -> str | None:
    found = WINDOWS_CODE.match(message)
    return found[0].upper() if found else None


def _sign_in_reason(message: str) -> str:
    found = SIGN_IN_CODE.search(message)
    reason = SIGN_IN_REASONS.get(found[1].lower()) if found else None
    return f": {reason}" if reason else ""
