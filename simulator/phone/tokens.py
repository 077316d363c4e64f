"""Finds passwords and codes in a text: a tap signs in with the one, and copies the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LEAST_CHARACTERS = 8
WRAPPING = "\"'(),.;:!?\u2018\u2019\u201c\u201d"
WORD = re.compile(r"\S+")
CLASSES = tuple(map(re.compile, (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")))
CODE = re.compile(r"[0-9]{6}")
NOT_ONE = re.compile(r"https?://|www\.|^\+?[\d() .-]+$|@")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text."""

    text: str
    is_token: bool = False
    is_code: bool = False


def pieces(body: str) -> list[Piece]:
    """The whole text in parts; joined together they are the text again."""
    return list(_pieces(body))


def _pieces(body: str) -> Iterator[Piece]:
    """Of codes only the first is one to tap: the line for browsers at the end repeats it."""
    end, has_code = 0, False
    for word in WORD.finditer(body):
        token = word.group().strip(WRAPPING)
        is_code = not has_code and looks_like_code(token)
        if not is_code and not looks_like_password(token):
            continue
        start = word.start() + word.group().index(token)
        if start > end:
            yield Piece(body[end:start])
        yield Piece(token, is_token=not is_code, is_code=is_code)
        end, has_code = start + len(token), has_code or is_code
    if end < len(body):
        yield Piece(body[end:])


def looks_like_code(word: str) -> bool:
    """Six digits that stand alone."""
    return CODE.fullmatch(word) is not None


def looks_like_password(word: str) -> bool:
    """Long, of three kinds of characters with a digit among them, and no address or number."""
    if len(word) < LEAST_CHARACTERS or NOT_ONE.search(word) or not re.search(r"\d", word):
        return False
    return sum(1 for kind in CLASSES if kind.search(word)) >= 3
