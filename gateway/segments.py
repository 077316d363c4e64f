"""How many segments a text takes on the air, and how to write it with GSM-7 letters only.

The numbers are those of 3GPP TS 23.038 and 23.040. Nothing here relies on a carrier's
"smart encoding", which would also rewrite a password.
"""

# ruff: noqa: RUF001  (letters that are mistaken for others are what this file is about)

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

GSM_7_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Letters that take one septet."""

GSM_7_EXTENDED: Final = frozenset("^{}\\[~]|€\f")
"""Letters that take two: an escape and a letter."""

_GSM_7: Final = GSM_7_BASIC | GSM_7_EXTENDED

_LIKENESSES: Final = {
    " ": "\t\v\x85\u2028\u2029",
    "'": "`´‘’‚‛′ʼ‹›",
    '"': "“”„‟″«»",
    "-": "‐‑‒–—―−⁃",
    "*": "•",
    ".": "·",
    "x": "×",
    "/": "÷⁄",
    "|": "¦",
    "L": "Ł",
    "l": "ł",
    "D": "ĐÐ",
    "d": "đð",
    "H": "Ħ",
    "h": "ħ",
    "i": "ı",
    "Th": "Þ",
    "th": "þ",
    "OE": "Œ",
    "oe": "œ",
    "SS": "ẞ",
}
"""What Unicode's own decompositions don't know how to write plainly."""

_PLAIN: Final = MappingProxyType(
    {ord(letter): plain for plain, letters in _LIKENESSES.items() for letter in letters}
)


class Encoding(StrEnum):
    """How a text travels. One letter outside GSM-7 puts all of it into UCS-2."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


_LIMITS: Final = MappingProxyType({Encoding.GSM_7: (160, 153), Encoding.UCS_2: (70, 67)})
"""Units in a text of one part, and in each of several."""


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text takes: septets in GSM-7, UTF-16 code units in UCS-2. `parts` are billed."""

    encoding: Encoding
    units: int
    parts: int


def count(text: str) -> Segments:
    """Measure a text. An empty one still takes a part."""
    encoding = Encoding.GSM_7 if set(text) <= _GSM_7 else Encoding.UCS_2
    widths = [_width(letter, encoding) for letter in text]
    whole, each = _LIMITS[encoding]
    units = sum(widths)
    return Segments(encoding, units, 1 if units <= whole else _filled(widths, each))


def to_gsm7(text: str) -> str:
    """The same in GSM-7 letters: accents go where they must, what has no likeness becomes `?`."""
    return "".join(map(_letter, unicodedata.normalize("NFC", text)))


def _width(letter: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM_7:
        return 2 if letter in GSM_7_EXTENDED else 1
    return 2 if letter > "\uffff" else 1


def _filled(widths: Iterable[int], each: int) -> int:
    """A letter of two units is never split across parts, so they are filled one by one."""
    parts, used = 1, 0
    for width in widths:
        if used + width > each:
            parts, used = parts + 1, 0
        used += width
    return parts


def _letter(letter: str) -> str:
    if letter in _GSM_7:
        return letter
    plain = _without_marks(unicodedata.normalize("NFKD", letter.translate(_PLAIN)))
    plain = plain.translate(_PLAIN)
    return plain if set(plain) <= _GSM_7 else "?"


def _without_marks(text: str) -> str:
    """Drop accents, joiners, variation selectors and controls: nothing that stands by itself."""
    return "".join(letter for letter in text if unicodedata.category(letter) not in _MARKS)


_MARKS: Final = frozenset({"Mn", "Me", "Cf", "Cc"})
