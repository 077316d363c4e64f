"""The Basic Encoding Rules, as much of them as LDAP needs.

It is our own for two reasons: pyasn1 takes ten times as long, and with ldap3's classes it
cannot read a filter that holds an "and"; and a server that does not share its encoder with
the client under test finds what both would get wrong together.
"""

from __future__ import annotations

from collections.abc import Iterator

BOOLEAN = 0x01
INTEGER = 0x02
OCTET_STRING = 0x04
ENUMERATED = 0x0A
SEQUENCE = 0x30
SET = 0x31

_LONG_FORM = 0x80
_LONGEST_LENGTH_OCTETS = 4


class BerError(ValueError):
    """The bytes are not what the encoding rules allow."""


def elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The tag and content of each element in a row."""
    position, whole = 0, len(content)
    while position < whole:
        start = position + 2
        end = start + content[position + 1]
        if end - start >= _LONG_FORM:
            start, end = _extent(content, position)
        if end > whole:
            raise BerError("an element is longer than what holds it")
        yield content[position], content[start:end]
        position = end


def listed(content: bytes, least: int) -> list[tuple[int, bytes]]:
    """All elements, of which there have to be at least so many."""
    found = list(elements(content))
    if len(found) < least:
        raise BerError("an element is missing")
    return found


def message_length(received: bytes | bytearray) -> int | None:
    """How many bytes the first message takes, or None while its header is not complete."""
    if received and received[0] != SEQUENCE:
        raise BerError("not a message")
    try:
        return _extent(bytes(received[: 2 + _LONGEST_LENGTH_OCTETS]), 0)[1]
    except IndexError:
        return None


def number(content: bytes) -> int:
    """The content of an INTEGER or ENUMERATED."""
    return int.from_bytes(content, "big", signed=True)


def element(tag: int, *parts: bytes) -> bytes:
    """One element around some content."""
    content = parts[0] if len(parts) == 1 else b"".join(parts)
    length = len(content)
    if length < _LONG_FORM:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_FORM | len(octets))) + octets + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A number in the fewest octets."""
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(value: bytes | str, tag: int = OCTET_STRING) -> bytes:
    """An octet string."""
    return element(tag, value.encode() if isinstance(value, str) else value)


def _extent(data: bytes, position: int) -> tuple[int, int]:
    """Where the content begins and ends. IndexError if the header is cut off."""
    length, start = data[position + 1], position + 2
    if length < _LONG_FORM:
        return start, start + length
    count = length - _LONG_FORM
    if not 0 < count <= _LONGEST_LENGTH_OCTETS:
        raise BerError("a length that LDAP does not allow")
    if len(data) < start + count:
        raise IndexError(position)
    return start + count, start + count + int.from_bytes(data[start : start + count], "big")
