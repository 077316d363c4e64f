"""What the directory keeps of an account's passwords: salted digests, never the words."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Passwords:
    """One account's password and the ones before it.

    The digest is a fast one: thousands of sign-ins a second matter more here than a thief
    of a simulator's memory.
    """

    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    _digests: tuple[bytes, ...] = field(default=(), repr=False)
    """The newest first."""
    version: int = 0
    """How often it was set: replication counts it."""
    set_at: int = 0
    """When that was last, as a FILETIME. Unlike pwdLastSet nobody can write it."""

    def match(self, password: str) -> bool:
        """Whether this is the password now."""
        return self.remember(password, depth=1)

    def remember(self, password: str, *, depth: int) -> bool:
        """Whether it is among the last `depth`, the present one included."""
        digest = self._digest(password)
        return any(hmac.compare_digest(digest, kept) for kept in self._digests[:depth])

    def followed_by(self, password: str, *, keep: int, at: int) -> Passwords:
        """These with a new one in front, cut to the length of the history."""
        digests = (self._digest(password), *self._digests)[: max(keep, 1)]
        return replace(self, _digests=digests, version=self.version + 1, set_at=at)

    def _digest(self, password: str) -> bytes:
        return hashlib.blake2b(password.encode(errors="surrogatepass"), key=self._salt).digest()


def generated_password(length: int = 20) -> str:
    """A random password that satisfies the complexity rule."""
    kinds = ("ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnopqrstuvwxyz", "23456789", "-+=.:")
    picked = [secrets.choice(kind) for kind in kinds]
    picked += [secrets.choice("".join(kinds)) for _ in range(length - len(kinds))]
    secrets.SystemRandom().shuffle(picked)
    return "".join(picked)
