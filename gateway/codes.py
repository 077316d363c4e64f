"""Codes that prove a number: six digits, kept nowhere, made from a seed when they are needed."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from typing import Final

from pydantic import SecretStr

from gateway.seal import Seal

DIGITS: Final = 6
"""NIST SP 800-63B-4 3.1.3.2 asks for at least six."""

SEED_BYTES: Final = 16
NOTHING: Final = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"})
"""Unicode's categories of blanks, control letters and dashes."""


def new_seed() -> str:
    """128 random bits from `secrets`, as hexadecimal digits."""
    return secrets.token_hex(SEED_BYTES)


def code_of(seal: Seal, seed: str) -> SecretStr:
    """The code of a seed: its keyed hash, so that a seed without SECRET_KEYS tells nothing."""
    return SecretStr(_digits(seal.keyed_numbers("code", seed)[0]))


def is_code(seal: Seal, seed: str, given: str) -> bool:
    """Whether somebody typed the code of a seed, also one made before a rotation of keys."""
    typed = _plain(given).encode(errors="replace")
    known = [_digits(number).encode() for number in seal.keyed_numbers("code", seed)]
    return any([hmac.compare_digest(typed, each) for each in known])  # noqa: C419  (alike in time)


def looks_like_one(given: str) -> bool:
    """Whether it can be a code at all: a try is not spent on a slip."""
    plain = _plain(given)
    return len(plain) == DIGITS and plain.isascii() and plain.isdigit()


def _plain(given: str) -> str:
    """As phones fill it in and people copy it: blanks, dashes and the unseen are nothing."""
    letters = unicodedata.normalize("NFKC", given)
    return "".join(each for each in letters if unicodedata.category(each) not in NOTHING)


def _digits(number: int) -> str:
    return f"{number % 10**DIGITS:0{DIGITS}d}"
