"""What can go wrong with a directory, told apart by what it means for the person waiting.

DirectoryError
├── DirectoryMisconfigured     an operator has to act; nothing was changed
│   ├── ConnectionNotSecure    no TLS, or a certificate that does not prove the server
│   ├── ServiceAccountRefused  our own sign-in was refused; we stop trying for a while
│   └── RightMissing           the service account may not do this to this account
├── DirectoryUnreachable       no domain controller answered in time; nothing was changed
├── DirectoryBusy              it answered that it cannot now; nothing was changed
├── AccountRefused             our own rules forbid it (`reason`); nothing was written
├── PasswordRejected           the domain's policy refused this password; nothing was changed
├── OutcomeUnknown             a change was sent and no answer came: it may have happened
└── UnexpectedAnswer           an answer we have no name for; nothing was changed
"""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Why an account is not touched. The audit is told; the person gets one neutral text."""

    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    OUTSIDE_BASE = "outside_base"
    NOT_A_PERSON = "not_a_person"
    PROTECTED = "protected"
    DISABLED = "disabled"
    EXPIRED = "expired"
    SMART_CARD_ONLY = "smart_card_only"
    PASSWORD_NOT_REQUIRED = "password_not_required"  # noqa: S105 - a reason, not a password


class DirectoryError(Exception):
    """The root of this tree. Its text never holds a password or a name."""


class DirectoryMisconfigured(DirectoryError):
    """An operator has to act before this can work. Nothing was changed."""


class ConnectionNotSecure(DirectoryMisconfigured):
    """No TLS, or a certificate that does not prove the server we meant. No password was sent."""


class ServiceAccountRefused(DirectoryMisconfigured):
    """The directory refused our own sign-in; trying on could lock the service account."""


class RightMissing(DirectoryMisconfigured):
    """The service account lacks a right on this account (often because AdminSDHolder took it)."""


class DirectoryUnreachable(DirectoryError):
    """No domain controller answered in time. Nothing was changed; it may be tried again."""


class DirectoryBusy(DirectoryError):
    """The domain controller answered that it cannot now. Nothing was changed; try again."""


class AccountRefused(DirectoryError):
    """Our own rules forbid touching this account. Nothing was written."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(f"the account is refused: {reason}")
        self.reason = reason


class PasswordRejected(DirectoryError):
    """The domain's password policy or filter refused this password. Nothing was changed."""


class OutcomeUnknown(DirectoryError):
    """A change was sent and no answer came. Repeat it with the same password, never a new one."""


class UnexpectedAnswer(DirectoryError):
    """The directory refused with a code that we have no name for. Nothing was changed."""
