"""How the values of policies are written: switches, numbers, countries, days and groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final

import phonenumbers

Read = Callable[[str], Any]
"""Reads a value as an operator writes it. Raises PolicyInvalid, saying what to write."""

MOST_REMINDERS: Final = 5
LONGEST: Final = 400
"""Characters of a value as it is kept."""

_DISTINGUISHED: Final = re.compile(
    r"[A-Za-z][\w.-]*\s*=(\\.|[^\\,;])+(,\s*[A-Za-z][\w.-]*\s*=(\\.|[^\\,;])+)*"
)
_GROUP: Final = re.compile(r"(?:\\.|[^\\;])+")
"""A semicolon that belongs to a name has a backslash before it."""


class PolicyInvalid(ValueError):
    """A policy cannot have this value; the text names the valid ones."""


def switch(text: str) -> bool:
    """A tenant's `off` holds for everybody below."""
    if text.lower() in {"on", "yes", "true", "1"}:
        return True
    if text.lower() in {"off", "no", "false", "0"}:
        return False
    raise PolicyInvalid("use on or off")


def whole(text: str, *, least: int, most: int, unit: str) -> int:
    """In ASCII digits and no more than a few: others would be read, or take for ever to be."""
    number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else least - 1
    if not least <= number <= most:
        raise PolicyInvalid(f"use a whole number of {unit} from {least} to {most}")
    return number


def one_of(text: str, *, kind: type[StrEnum]) -> StrEnum:
    """One of the names of an enumeration."""
    try:
        return kind(text.lower())
    except ValueError:
        raise PolicyInvalid(f"use {' or '.join(kind)}") from None


def countries(text: str) -> tuple[str, ...]:
    """As ISO 3166-1 alpha-2 names them."""
    codes = tuple(dict.fromkeys(text.replace(",", " ").upper().split()))
    if wrong := [code for code in codes if code not in phonenumbers.SUPPORTED_REGIONS]:
        raise PolicyInvalid(f"{wrong[0]} is no country: use two letters each, such as US,CA,GB")
    return codes


def days(text: str) -> tuple[int, ...]:
    """Each later than the one before."""
    found = [whole(part, least=1, most=90, unit="days") for part in text.replace(",", " ").split()]
    if sorted(set(found)) != found or len(found) > MOST_REMINDERS:
        raise PolicyInvalid(f"use up to {MOST_REMINDERS} rising numbers of days, such as 2,5,10")
    return tuple(found)


def groups(text: str) -> tuple[str, ...]:
    """Distinguished names. They have commas in them, so semicolons stand between them."""
    names = tuple(dict.fromkeys(name.strip() for name in _GROUP.findall(text) if name.strip()))
    if any(not name.isprintable() or not _DISTINGUISHED.fullmatch(name) for name in names):
        raise PolicyInvalid(
            "use distinguished names with ; between them, such as CN=VIPs,OU=Groups,DC=corp,DC=x"
        )
    return names


def spelled(value: Any) -> str:
    """A value as an operator would write it."""
    match value:
        case bool():
            return "on" if value else "off"
        case tuple():
            return _listed(value) or "none"
        case _:
            return str(value)


def _listed(values: Sequence[str | int]) -> str:
    between = ";" if any("=" in str(value) for value in values) else ","
    return between.join(map(str, values))
