"""What stands behind a command: the number or the user name of one of several accounts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from unicodedata import normalize

_USERNAME: Final = re.compile(r"[\w.@\\-]{2,104}")
"""104 is what a domain, a backslash and a name take at most, or a name as in a mail address."""

_TOGETHER: Final = re.compile(r"([^\W\d_]+)\W*(\d{1,2})")
"""`RESET2`, `RESET:2`"""

_BETWEEN_PARTS: Final = re.compile(r"[\W_]+")


def split(body: str) -> tuple[str, str] | None:
    """What stands before the last blank, and the one word behind it without what adorns it."""
    pieces = [bare for piece in normalize("NFKC", body).split() if (bare := _bare(piece))]
    if len(pieces) == 1 and (together := _TOGETHER.fullmatch(pieces[0])):
        return together[1], together[2]
    return (" ".join(pieces[:-1]), pieces[-1]) if len(pieces) > 1 else None


def is_choice(word: str, is_ordinary: Callable[[str], bool]) -> bool:
    """A number from a list, or a user name. `please` is neither, nor is any word of speech.

    The gateway compares it with the person's own accounts, so a word that is unknown here and
    nobody's name (`RESET router`) names no account, and nothing is done.
    """
    if word.isdecimal():
        return word.isascii()
    return bool(_USERNAME.fullmatch(word)) and not _is_speech(word, is_ordinary)


def _is_speech(word: str, is_ordinary: Callable[[str], bool]) -> bool:
    """Also in pieces (`pass-word`) and put together (`a.s.a.p`)."""
    pieces = _BETWEEN_PARTS.split(word)
    return is_ordinary("".join(pieces)) or all(map(is_ordinary, pieces))


def _bare(piece: str) -> str:
    """Without the marks and pictures around it: `#2`, `(2)`, `"a.smith"`, `2.`"""
    letters = [place for place, letter in enumerate(piece) if letter.isalnum()]
    return piece[letters[0] : letters[-1] + 1] if letters else ""
