"""Secrets at rest: sealed with Fernet, found by a keyed hash; keys rotate, newest first."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr


class InvalidKey(ValueError):
    """A key of SECRET_KEYS is not 32 url-safe base64-encoded bytes."""


class CannotUnseal(Exception):
    """None of the keys opens it: SECRET_KEYS has lost the key that it was sealed with."""


def new_key() -> str:
    """A fresh key for SECRET_KEYS: 256 random bits, of which Fernet signs with one half."""
    return Fernet.generate_key().decode()


class Seal:
    """Seals with the newest key and opens with any; what it made with an old key stays readable."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])
        except ValueError:
            raise InvalidKey("a key is not valid; make one with `resetline keys new`") from None
        self._index_keys = [_derived(key, "blind index") for key in keys]
        self._keys = tuple(keys)

    def seal(self, secret: SecretStr) -> str:
        return self._fernet.encrypt(secret.get_secret_value().encode()).decode()

    def unseal(self, sealed: str) -> SecretStr:
        try:
            return SecretStr(self._fernet.decrypt(sealed.encode()).decode())
        except InvalidToken:
            raise CannotUnseal("SECRET_KEYS lacks the key that this was sealed with") from None

    def index(self, text: str) -> str:
        """A keyed hash to look a sealed value up by. It cannot be guessed without the keys."""
        return _keyed_hash(self._index_keys[0], text)

    def indexes(self, text: str) -> list[str]:
        """The same under every key, for a look-up while keys are being rotated."""
        return [_keyed_hash(key, text) for key in self._index_keys]

    def keyed_numbers(self, purpose: str, text: str) -> list[int]:
        """A keyed hash for another purpose, as 256-bit numbers, one under each key."""
        derived = [_derived(key, purpose) for key in self._keys]
        return [int(_keyed_hash(key, text), 16) for key in derived]


def _derived(key: SecretStr, purpose: str) -> bytes:
    """A key of its own for each purpose, so that none serves two."""
    return hmac.digest(key.get_secret_value().encode(), f"resetline {purpose}".encode(), "sha256")


def _keyed_hash(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
