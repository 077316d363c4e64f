"""What people write around a phone number: a label, an extension, or a second number."""

from __future__ import annotations

import re
from typing import Final

LEAST_DIGITS: Final = 7
"""Of a number that stands beside another: `020 7946 0123/4` is one."""

_WORD: Final = (
    "(?:mobile|mobil|mob|m|cellphone|cell|c|telephone|telefon|tel|t|phone|gsm|handy|portable"
    "|móvil|movil|celular|cellulare|mobiel|private|privat|privé|personal|work|business)"
)
_LABEL: Final = rf"{_WORD}\.?(?:\s+{_WORD}\.?)?"
"""Only what says that it is the person's own: `wife: …` would get somebody else a password."""

_BEFORE: Final = re.compile(rf"\A(?:\({_LABEL}\)\s*|{_LABEL}(?:\s*:\s*|\s+))(?=\S)", re.IGNORECASE)
_AFTER: Final = re.compile(rf"(?:\s*\(\s*{_LABEL}\s*\)|[\s,-]+{_LABEL})$", re.IGNORECASE)
_EXTENSION: Final = re.compile(
    r"[\s,]*(?:;ext=|ext(?:ension)?\b[.:]?|x|#)\s*\d{1,7}$", re.IGNORECASE
)
_BETWEEN: Final = re.compile(r"\s*[/;]\s*|\s+or\s+", re.IGNORECASE)


def alone(raw: str) -> str:
    """A number without its label and its extension: a text reaches the same mobile without."""
    number = _AFTER.sub("", _BEFORE.sub("", raw.strip()))
    return _EXTENSION.sub("", number)


def apart(raw: str) -> list[str]:
    """The numbers of a value that holds several, or the value as it is."""
    pieces = _BETWEEN.split(raw)
    return pieces if all(_digits(each) >= LEAST_DIGITS for each in pieces) else [raw]


def _digits(text: str) -> int:
    return sum(letter.isdecimal() for letter in text)
