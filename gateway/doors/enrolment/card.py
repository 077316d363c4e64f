"""Our number as a contact to keep: whoever is locked out may not find the mail any more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import segno

from gateway.doors.enrolment.shown import plain

LINE_BYTES: Final = 75
"""RFC 2426 2.6: a longer line goes on in the next one, after a blank."""

MEDIA_TYPE: Final = "text/vcard; charset=utf-8"


def contact_card(name: str, organization: str, number: str, note: str = "") -> str:
    """A vCard 3.0 (RFC 2426), which every phone takes."""
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"N:{_escaped(name)};;;;",
        f"FN:{_escaped(name)}",
        f"ORG:{_escaped(organization)}",
        f"TEL;TYPE=CELL:{number}",
        *([f"NOTE:{_escaped(note)}"] if note else []),
        "END:VCARD",
    ]
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def drawn(card: str) -> str:
    """The same as a QR code in SVG, for whoever enrols at a computer."""
    code = segno.make(card, error="m", micro=False)
    return str(code.svg_inline(scale=4, border=4, omitsize=True, dark="#000", light="#fff"))


def _escaped(text: str) -> str:
    """No name begins a line of its own."""
    return re.sub(r"([\\,;])", r"\\\1", plain(text))


def _folded(line: str) -> Iterator[str]:
    """Never within a letter, of which some have four bytes."""
    part = ""
    for letter in line:
        if len((part + letter).encode()) > LINE_BYTES:
            yield part
            part = " "
        part += letter
    yield part
