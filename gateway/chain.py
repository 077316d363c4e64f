"""The keyed hashes that chain audited events: each over an event and the hash of the one before."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import SecretStr

BEGINNING: Final = "0" * 64
"""What the first event hangs on."""

STORED: Final = "resetline audit chain key "


class NoChainKey(ValueError):
    """What was unsealed is no key of a chain."""


@dataclass(frozen=True, slots=True)
class ChainKey:
    """Derived from a key of SECRET_KEYS for this purpose alone. Its name is no secret."""

    name: str
    secret: bytes = field(repr=False)

    @classmethod
    def derived_from(cls, key: SecretStr) -> ChainKey:
        derived = hmac.digest(key.get_secret_value().encode(), b"resetline audit chain", "sha256")
        return cls(_name_of(derived), derived)

    @classmethod
    def restored(cls, stored: SecretStr) -> ChainKey:
        """What `to_store` gave. A sealed value of another kind cannot be passed off as a key."""
        marked = stored.get_secret_value()
        if not marked.startswith(STORED):
            raise NoChainKey("this is no key of the audit's chain")
        secret = bytes.fromhex(marked.removeprefix(STORED))
        return cls(_name_of(secret), secret)

    def to_store(self) -> SecretStr:
        return SecretStr(STORED + self.secret.hex())

    def link(self, before: str, said: Sequence[Any]) -> str:
        """The hash of an event, which `said` tells whole, after one with the hash `before`."""
        return self._hash("event", before, *said)

    def sign(self, count: int, chain: str, began_at: str) -> str:
        """Proof that the chain had so many events, and which hash the last."""
        return self._hash("head", count, chain, began_at)

    def has_signed(self, signature: str, count: int, chain: str, began_at: str) -> bool:
        signed = self.sign(count, chain, began_at)
        return hmac.compare_digest(signed, str(signature).encode("ascii", "replace").decode())

    def _hash(self, *parts: Any) -> str:
        """Over JSON, in which no two lists of values read the same."""
        text = json.dumps(parts, separators=(",", ":"), default=repr)
        return hmac.digest(self.secret, text.encode(), "sha256").hex()


@dataclass(frozen=True)
class ChainKeys:
    """The keys that may sign the head now, and all that may have sealed an event."""

    listed: Mapping[str, ChainKey]
    newest: ChainKey
    all: Mapping[str, ChainKey]

    @classmethod
    def derived_from(cls, keys: Sequence[SecretStr], kept: Sequence[ChainKey] = ()) -> ChainKeys:
        """`kept` are those of keys that SECRET_KEYS does not list any more."""
        derived = [ChainKey.derived_from(key) for key in keys]
        listed = {key.name: key for key in derived}
        return cls(listed, derived[0], {key.name: key for key in kept} | listed)


def _name_of(secret: bytes) -> str:
    return hashlib.sha256(b"name of " + secret).hexdigest()[:16]
