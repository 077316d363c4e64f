"""How a new password travels, and what keeps it out of every log and traceback on the way."""

from __future__ import annotations

import unicodedata

from pydantic import SecretStr

from directory.errors import PasswordRejected

LONGEST = 127
"""Windows itself accepts 256 UTF-16 units, but its sign-in dialogs stop at 127."""

UNSENDABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that nobody can type: controls, halves of surrogates, line separators."""


class Changes:
    """The changes of one modify. They print as attribute names only, also in a traceback."""

    __slots__ = ("values",)

    def __init__(self, **values: bytes) -> None:
        self.values = values

    def __repr__(self) -> str:
        """Name the attributes, never a value."""
        return f"Changes({', '.join(self.values)})"


def setting(password: SecretStr, *, must_change: bool, unlock: bool) -> Changes:
    """One modify for everything, so that no moment exists with a known and lasting password.

    Without `must_change` pwdLastSet is left alone: Windows then sets it to now by itself where
    we hold the right to unexpire passwords, and writing -1 without that right would fail it all.
    """
    fault = _fault(password)
    if fault:
        raise PasswordRejected(f"the password cannot be sent: {fault}")
    changes = Changes(unicodePwd=f'"{password.get_secret_value()}"'.encode("utf-16-le"))
    if must_change:
        changes.values["pwdLastSet"] = b"0"
    if unlock:
        changes.values |= unlocking().values
    return changes


def unlocking() -> Changes:
    """The one modify that ends a lockout."""
    return Changes(lockoutTime=b"0")


def _fault(password: SecretStr) -> str | None:
    """Never raises, so that no traceback has a frame in which the plain text stands."""
    text: object = password.get_secret_value()
    if not isinstance(text, str):
        return "it is not text"
    if not text:
        return "it is empty"
    if any(unicodedata.category(character) in UNSENDABLE for character in text):
        return "it has a control character"
    if len(text.encode("utf-16-le")) // 2 > LONGEST:
        return f"it is longer than {LONGEST} characters"
    return None
