"""What Windows says at its sign-in screen, and what a window onto any directory can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What came of a sign-in or of a change of password."""

    WELCOME = "welcome"
    WRONG = "wrong"
    LOCKED = "locked"
    MUST_CHANGE = "must_change"
    PASSWORD_EXPIRED = "password_expired"
    DISABLED = "disabled"
    ACCOUNT_EXPIRED = "account_expired"
    NOT_NOW = "not_now"
    NOT_GOOD_ENOUGH = "not_good_enough"
    UNREACHABLE = "unreachable"


SAYS: dict[Outcome, str] = {
    Outcome.WELCOME: "Welcome",
    Outcome.WRONG: "The user name or password is incorrect. Try again.",
    Outcome.LOCKED: "The referenced account is currently locked out and may not be logged on to.",
    Outcome.MUST_CHANGE: "The user's password must be changed before signing in.",
    Outcome.PASSWORD_EXPIRED: "Your password has expired and must be changed.",
    Outcome.DISABLED: "Your account has been disabled. Please see your system administrator.",
    Outcome.ACCOUNT_EXPIRED: "Your account has expired. Please see your system administrator.",
    Outcome.NOT_NOW: "Your account has restrictions that keep you from signing in right now.",
    Outcome.NOT_GOOD_ENOUGH: "Unable to update the password. The value provided for the new "
    "password does not meet the length, complexity, or history requirements of the domain.",
    Outcome.UNREACHABLE: "We can't sign you in right now: the domain isn't available.",
}

NOTES: dict[Outcome, str] = {
    Outcome.WELCOME: "let them in",
    Outcome.WRONG: "said that the password is wrong",
    Outcome.LOCKED: "said that the account is locked",
    Outcome.MUST_CHANGE: "accepted it, and asks for a new password",
    Outcome.PASSWORD_EXPIRED: "said that the password has expired",
    Outcome.DISABLED: "said that the account is disabled",
    Outcome.ACCOUNT_EXPIRED: "said that the account has expired",
    Outcome.NOT_NOW: "said not now",
    Outcome.NOT_GOOD_ENOUGH: "refused the new password",
    Outcome.UNREACHABLE: "got no answer from the domain",
}
"""What the timeline says Windows did."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """How an account stands in the directory at this moment. None means never or not known."""

    display_name: str
    locked: bool
    locked_since: datetime | None
    must_change: bool
    password_last_set: datetime | None
    password_expires: datetime | None
    password_expired: bool
    disabled: bool
    expires: datetime | None
    expired: bool
    wrong_tries: int


class DirectoryGone(Exception):
    """The directory did not answer, or not in a way that could be understood."""


class Window(Protocol):
    """A window onto a directory. Only `state` raises: DirectoryGone."""

    def state(self, username: str) -> AccountView | None: ...

    def sign_in(self, username: str, password: str) -> Outcome: ...

    def change_password(self, username: str, old: str, new: str) -> Outcome: ...
