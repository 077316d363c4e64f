"""Words that confirm a request: one ordinary word, kept nowhere, made from a seed when needed.

A word and never digits: carriers drop inbound texts that look like one-time codes (Twilio 30038).
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from functools import cache
from typing import Final

from pydantic import SecretStr

from gateway.seal import Seal
from gateway.words import all_words
from handlers.conversation import Text
from handlers.vocabulary import Vocabulary

WORKS_FOR: Final = timedelta(minutes=10)
"""NIST SP 800-63B-4 3.1.3.2: the longest that such a secret may be good for."""

TRIES: Final = 3
SEED_BYTES: Final = 16


def new_seed(seal: Seal, vocabulary: Vocabulary) -> str:
    """128 random bits, as hexadecimal digits, whose word means nothing else in any language."""
    while True:
        seed = secrets.token_hex(SEED_BYTES)
        if vocabulary.understand(Text(word_of(seal, seed).get_secret_value())) is None:
            return seed


def word_of(seal: Seal, seed: str) -> SecretStr:
    """The word of a seed: its keyed hash, so that a seed without SECRET_KEYS tells nothing."""
    return SecretStr(_word(seal.keyed_numbers("word", seed)[0]))


def is_word(seal: Seal, seed: str, given: str) -> bool:
    """Whether somebody texted the word of a seed, also one made before a rotation of keys."""
    known = [_word(number).encode() for number in seal.keyed_numbers("word", seed)]
    return any([hmac.compare_digest(given.encode(), each) for each in known])  # noqa: C419  (alike in time)


def may_be_word(given: str) -> bool:
    """Whether it can be anybody's word at all: whoever guesses knows the list."""
    return given in _known()


@cache
def _known() -> frozenset[str]:
    return frozenset(all_words())


def single_word(text: Text) -> str:
    """What a text may have as an answer to us: its one word, in lower case; empty if it is none."""
    words = text.words
    return words[0].casefold() if len(words) == 1 else ""


def _word(number: int) -> str:
    words = all_words()
    return words[number % len(words)]
