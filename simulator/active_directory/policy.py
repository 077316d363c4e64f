"""What a domain demands of passwords, and when it locks an account."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from simulator.active_directory.filetimes import interval

MAX_LENGTH_CHARACTERS = 256
_CLASSES_DEMANDED = 3
_SHORTEST_NAME_CHARACTERS = 3
_SYMBOLS = frozenset("~!@#$%^&*_-+='|\\(){}[]:;\"<>,.?/`")
_TOKEN_BREAKS = re.compile(r"[,.\-_ #\t]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of a domain, or of a fine-grained policy. The defaults are a new domain's."""

    min_length: int = 7
    complexity: bool = True
    history_length: int = 24
    max_age: timedelta | None = timedelta(days=42)
    """None: passwords do not expire."""
    min_age: timedelta = timedelta(days=1)
    lockout_threshold: int = 0
    """Wrong passwords until the account is locked; 0 never locks."""
    lockout_duration: timedelta | None = timedelta(minutes=30)
    """None: until somebody unlocks it."""
    lockout_window: timedelta = timedelta(minutes=30)
    """How long a wrong password is counted."""

    def accepts(self, password: str, *, username: str, display_name: str) -> bool:
        """Whether length and complexity allow the password for this person."""
        if not self.min_length <= len(password) <= MAX_LENGTH_CHARACTERS:
            return False
        return not self.complexity or (
            _classes(password) >= _CLASSES_DEMANDED
            and not _holds_a_name(password, [username, *_TOKEN_BREAKS.split(display_name)])
        )

    def as_of_a_domain(self) -> dict[str, int]:
        """The attributes by which the head of a naming context tells it."""
        return {
            "minPwdLength": self.min_length,
            "pwdProperties": int(self.complexity),
            "pwdHistoryLength": self.history_length,
            "maxPwdAge": interval(self.max_age),
            "minPwdAge": interval(self.min_age),
            "lockoutThreshold": self.lockout_threshold,
            "lockoutDuration": interval(self.lockout_duration),
            "lockOutObservationWindow": interval(self.lockout_window),
        }

    def as_fine_grained(self) -> dict[str, int | bool]:
        """The attributes by which a password settings object tells it."""
        return {
            "msDS-MinimumPasswordLength": self.min_length,
            "msDS-PasswordComplexityEnabled": self.complexity,
            "msDS-PasswordReversibleEncryptionEnabled": False,
            "msDS-PasswordHistoryLength": self.history_length,
            "msDS-MaximumPasswordAge": interval(self.max_age),
            "msDS-MinimumPasswordAge": interval(self.min_age),
            "msDS-LockoutThreshold": self.lockout_threshold,
            "msDS-LockoutDuration": interval(self.lockout_duration),
            "msDS-LockoutObservationWindow": interval(self.lockout_window),
        }


def _classes(password: str) -> int:
    """How many of the five: capitals, small letters, digits, symbols, other letters."""
    found = {_class_of(character) for character in password}
    return len(found - {None})


def _class_of(character: str) -> str | None:
    if character in "0123456789":
        return "digit"
    if character in _SYMBOLS:
        return "symbol"
    if character.isupper():
        return "capital"
    if character.islower():
        return "small"
    return "letter" if character.isalpha() else None


def _holds_a_name(password: str, names: list[str]) -> bool:
    folded = password.casefold()
    return any(
        name.casefold() in folded for name in names if len(name) >= _SHORTEST_NAME_CHARACTERS
    )
