"""Finds what looks like a password in a text, so that a tap can carry it to the sign-in box."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LEAST_CHARACTERS = 8
WRAPPING = "\"'(),.;:!?\u2018\u2019\u201c\u201d"
WORD = re.compile(r"\S+")
CLASSES = tuple(map(re.compile, (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")))
NOT_ONE = re.compile(r"https?://|www\.|^\+?[\d() .-]+$|@")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text."""

    text: str
    is_token: bool = False


def pieces(body: str) -> list[Piece]:
    """The whole text in parts; joined together they are the text again."""
    return list(_pieces(body))


def _pieces(body: str) -> Iterator[Piece]:
    end = 0
    for word in WORD.finditer(body):
        token = word.group().strip(WRAPPING)
        if not looks_like_password(token):
            continue
        start = word.start() + word.group().index(token)
        if start > end:
            yield Piece(body[end:start])
        yield Piece(token, is_token=True)
        end = start + len(token)
    if end < len(body):
        yield Piece(body[end:])


def looks_like_password(word: str) -> bool:
    """Long, of three kinds of characters with a digit among them, and no address or number."""
    if len(word) < LEAST_CHARACTERS or NOT_ONE.search(word) or not re.search(r"\d", word):
        return False
    return sum(1 for kind in CLASSES if kind.search(word)) >= 3
