"""Searches and changes as bytes: ldap3 makes objects of every part first, at many times the cost.

A value goes into a filter as it is: there is no text to escape, and so none to break out of.
A password goes into the message and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

BASE, SUBTREE = 0, 2
"""How far below its base a search looks: not at all, or everywhere."""

_BOOLEAN, _INTEGER, _TEXT, _ENUMERATED, _SEQUENCE, _SET = 0x01, 0x02, 0x04, 0x0A, 0x30, 0x31
_MODIFY, _REPLACE = 0x66, 2
_SEARCH, _AND, _OR, _NOT, _EQUAL, _PRESENT = 0x63, 0xA0, 0xA1, 0xA2, 0xA3, 0x87
_EXTENSIBLE, _RULE, _ATTRIBUTE, _VALUE = 0xA9, 0x81, 0x82, 0x83
_CONTROLS, _YES = 0xA0, b"\xff"
_NEVER_FOLLOW_ALIASES, _NO_TIME_LIMIT, _WITH_VALUES = 0, 0, b"\0"
_LONG_LENGTH = 0x80

PAGED = "1.2.840.113556.1.4.319"
IN_CHAIN = "1.2.840.113556.1.4.1941"
BIT_AND = "1.2.840.113556.1.4.803"

Filter = bytes


def question(
    number: int,
    base: str,
    scope: int,
    where: Filter,
    attributes: Sequence[str],
    at_most: int,
    *controls: bytes,
) -> bytes:
    """One whole message that asks for these attributes (RFC 4511, section 4.5.1)."""
    search = _element(
        _SEARCH,
        _text(base),
        _number(scope, _ENUMERATED),
        _number(_NEVER_FOLLOW_ALIASES, _ENUMERATED),
        _number(at_most),
        _number(_NO_TIME_LIMIT),
        _element(_BOOLEAN, _WITH_VALUES),
        where,
        _names(tuple(attributes)),
    )
    asked_so = [_element(_CONTROLS, *controls)] if controls else []
    return _element(_SEQUENCE, _number(number), search, *asked_so)


def in_pages(size: int, cookie: bytes) -> bytes:
    """The control that asks for so many at a time (RFC 2696); without it nothing is to be told."""
    value = _element(_SEQUENCE, _number(size), _element(_TEXT, cookie))
    return _element(_SEQUENCE, _text(PAGED), _element(_BOOLEAN, _YES), _element(_TEXT, value))


def replacement(number: int, dn: str, values: Mapping[str, bytes]) -> bytes:
    """One whole message that gives each attribute this one value (RFC 4511, section 4.6)."""
    changes = (_change(attribute, value) for attribute, value in values.items())
    modify = _element(_MODIFY, _text(dn), _element(_SEQUENCE, *changes))
    return _element(_SEQUENCE, _number(number), modify)


def equal(attribute: str, value: str | bytes) -> Filter:
    """Whose attribute has this value, as the attribute's own syntax compares it."""
    return _element(_EQUAL, _text(attribute), _element(_TEXT, _raw(value)))


def matching(attribute: str, rule: str, value: str) -> Filter:
    """Whose attribute fits a value by a rule of the directory's own."""
    return _element(
        _EXTENSIBLE,
        _element(_RULE, rule.encode()),
        _element(_ATTRIBUTE, attribute.encode()),
        _element(_VALUE, value.encode()),
    )


def present(attribute: str) -> Filter:
    """Whoever has the attribute."""
    return _element(_PRESENT, attribute.encode())


def all_of(*parts: Filter) -> Filter:
    """Who fits every part."""
    return _element(_AND, *parts)


def any_of(*parts: Filter) -> Filter:
    """Who fits one part or more."""
    return _element(_OR, *parts)


def none_of(part: Filter) -> Filter:
    """Who does not fit."""
    return _element(_NOT, part)


def _change(attribute: str, value: bytes) -> bytes:
    values = _element(_SET, _element(_TEXT, value))
    modification = _element(_SEQUENCE, _text(attribute), values)
    return _element(_SEQUENCE, _number(_REPLACE, _ENUMERATED), modification)


@lru_cache(maxsize=64)
def _names(attributes: tuple[str, ...]) -> bytes:
    return _element(_SEQUENCE, *map(_text, attributes))


def _raw(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _text(value: str) -> bytes:
    return _element(_TEXT, value.encode())


def _number(value: int, tag: int = _INTEGER) -> bytes:
    return _element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _element(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = len(content)
    if length < _LONG_LENGTH:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_LENGTH | len(octets))) + octets + content
