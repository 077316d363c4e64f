"""A person's account: what is stored of it, how it stands, and what a sign-in does to it."""

from __future__ import annotations

from datetime import datetime
from enum import IntFlag, StrEnum
from uuid import UUID

from simulator.active_directory import refusals
from simulator.active_directory.entries import Entry, Number, Text
from simulator.active_directory.filetimes import FOREVER, NEVER, filetime, interval
from simulator.active_directory.passwords import Passwords
from simulator.active_directory.policy import Policy

_CLASSES = ("top", "person", "organizationalPerson", "user")

_ERROR_ACCOUNT_LOCKED_OUT = "00000775"

_PASSWORDS_FORGIVEN = 3
"""A wrong password that is one of the two before is not counted: an old phone locks nobody."""


class Control(IntFlag):
    """The bits of userAccountControl that matter here, and the two that are only computed."""

    DISABLED = 0x2
    LOCKED_OUT = 0x10
    PASSWORD_NOT_REQUIRED = 0x20
    NORMAL_ACCOUNT = 0x200
    PASSWORD_NEVER_EXPIRES = 0x1_0000
    SMART_CARD_REQUIRED = 0x4_0000
    PASSWORD_EXPIRED = 0x80_0000


class SignIn(StrEnum):
    """How a sign-in ended; the value is the `data` of a refused bind."""

    ACCEPTED = "0"
    NO_SUCH_USER = "525"
    WRONG_PASSWORD = "52e"
    PASSWORD_EXPIRED = "532"
    DISABLED = "533"
    ACCOUNT_EXPIRED = "701"
    MUST_CHANGE_PASSWORD = "773"
    LOCKED = "775"


class User(Entry):
    """A user object. Times are FILETIMEs as stored."""

    username = Text("sAMAccountName")
    principal_name = Text("userPrincipalName")
    display_name = Text("displayName")
    mail = Text("mail")
    mobile = Text("mobile")
    control = Number("userAccountControl")
    password_last_set = Number("pwdLastSet")
    account_expires = Number("accountExpires")
    lockout_time = Number("lockoutTime")
    bad_password_count = Number("badPwdCount")
    bad_password_time = Number("badPasswordTime")
    last_logon = Number("lastLogon")
    logon_count = Number("logonCount")
    admin_count = Number("adminCount")

    def __init__(self, dn: str, *, category: str, guid: UUID) -> None:
        super().__init__(dn, classes=_CLASSES, category=category, guid=guid)
        self.passwords = Passwords()

    def has(self, flag: Control) -> bool:
        """Whether the bit is set in userAccountControl."""
        return bool(self.control & flag)

    @property
    def must_change_password(self) -> bool:
        """They will have to choose a new one. The flags for never win over pwdLastSet."""
        return self.password_last_set == 0 and not self._password_stays

    def is_locked(self, policy: Policy, now: datetime) -> bool:
        """lockoutTime stays after the lockout has passed; only the duration tells."""
        return self.lockout_time != 0 and (
            policy.lockout_duration is None
            or filetime(now) < self.lockout_time - interval(policy.lockout_duration)
        )

    def is_expired(self, now: datetime) -> bool:
        """The account itself, not its password."""
        return self.account_expires != 0 and self.account_expires <= filetime(now)

    def password_expires(self, policy: Policy) -> int:
        """msDS-UserPasswordExpiryTimeComputed: 0 when it must be changed already."""
        max_age = interval(policy.max_age)
        if self._password_stays:
            return NEVER
        if self.password_last_set == 0:
            return 0
        return NEVER if max_age in {FOREVER, 0} else self.password_last_set - max_age

    def set_password(self, password: str, policy: Policy, now: datetime) -> None:
        """Without any check."""
        at = filetime(now)
        self.passwords = self.passwords.followed_by(password, keep=policy.history_length, at=at)
        self.password_last_set = at

    def reset_password(
        self, password: str, policy: Policy, now: datetime, *, as_if_changed: bool = False
    ) -> None:
        """As an administrator does. History and minimum age count only `as_if_changed`."""
        if not self._is_acceptable(password, policy):
            raise refusals.password_refused_on_reset()
        if as_if_changed and self._is_too_soon_or_used(password, policy, now):
            raise refusals.password_refused_on_reset()
        self.set_password(password, policy, now)

    def change_password(self, old: str, new: str, policy: Policy, now: datetime) -> None:
        """As the person does. A wrong old password is counted like one at sign-in."""
        if self.is_locked(policy, now):
            raise refusals.constraint_violated(_ERROR_ACCOUNT_LOCKED_OUT)
        if not self.passwords.match(old):
            self.count_bad_password(old, policy, now)
            raise refusals.WrongOldPassword
        if not self._is_acceptable(new, policy) or self._is_too_soon_or_used(new, policy, now):
            raise refusals.password_refused_on_change()
        self.set_password(new, policy, now)

    def unlock(self) -> None:
        """As writing 0 to lockoutTime does."""
        self.lockout_time = 0
        self.bad_password_count = 0

    def forget_bad_passwords(self) -> None:
        """As a sign-in does. Who never was locked has no lockoutTime, and gets none."""
        self.bad_password_count = 0
        if self.lockout_time:
            self.lockout_time = 0

    def sign_in(self, password: str, policy: Policy, now: datetime) -> SignIn:
        """Try a password, count it if it is wrong, and lock the account if that was the last."""
        if self.is_locked(policy, now):
            return SignIn.LOCKED
        if not self.passwords.match(password):
            self.count_bad_password(password, policy, now)
            return SignIn.WRONG_PASSWORD
        outcome = self._standing(policy, now)
        if outcome is SignIn.ACCEPTED:
            self.forget_bad_passwords()
            self.last_logon = filetime(now)
            self.logon_count += 1
        return outcome

    def count_bad_password(self, password: str, policy: Policy, now: datetime) -> None:
        """The count starts again once the observation window has passed."""
        remembered = min(policy.history_length, _PASSWORDS_FORGIVEN)
        if self.passwords.remember(password, depth=remembered):
            return
        window_end = self.bad_password_time - interval(policy.lockout_window)
        counted = self.bad_password_count if filetime(now) < window_end else 0
        self.bad_password_count = counted + 1
        self.bad_password_time = filetime(now)
        if 0 < policy.lockout_threshold <= self.bad_password_count:
            self.lockout_time = filetime(now)

    def _standing(self, policy: Policy, now: datetime) -> SignIn:
        """What a right password meets."""
        if self.has(Control.DISABLED):
            return SignIn.DISABLED
        if self.is_expired(now):
            return SignIn.ACCOUNT_EXPIRED
        if self.must_change_password:
            return SignIn.MUST_CHANGE_PASSWORD
        if self.password_expires(policy) <= filetime(now):
            return SignIn.PASSWORD_EXPIRED
        return SignIn.ACCEPTED

    def _is_acceptable(self, password: str, policy: Policy) -> bool:
        return self.has(Control.PASSWORD_NOT_REQUIRED) or policy.accepts(
            password, username=self.username, display_name=self.display_name
        )

    def _is_too_soon_or_used(self, password: str, policy: Policy, now: datetime) -> bool:
        soonest = self.password_last_set - interval(policy.min_age)
        return filetime(now) < soonest or self.passwords.remember(
            password, depth=policy.history_length
        )

    @property
    def _password_stays(self) -> bool:
        return self.has(Control.PASSWORD_NEVER_EXPIRES | Control.SMART_CARD_REQUIRED)
