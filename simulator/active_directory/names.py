"""Distinguished names: taken apart, put together and compared without regard to case."""

from __future__ import annotations

import re
from functools import lru_cache

DnKey = tuple[str, ...]
"""A name for comparing: folded parts from the root downwards, so a base is a prefix."""

_PART = re.compile(r"(?:\\.|[^,\\])+", re.DOTALL)
_ESCAPED = re.compile(r"((?:\\[0-9a-fA-F]{2})+)|\\(.)", re.DOTALL)
_NEEDS_ESCAPE = re.compile(r'[,+"\\<>;=]')


class InvalidName(ValueError):
    """The text is not a distinguished name."""


@lru_cache(maxsize=8192)
def key(dn: str) -> DnKey:
    """The form of a name by which two spellings of it are equal."""
    return tuple(_folded(part) for part in reversed(_PART.findall(dn)))


def parent(dn: str) -> str:
    """The name without its first part."""
    return dn[len(_first_part(dn)) + 1 :]


def first_value(dn: str) -> str:
    """The plain value of the first part: Mia Keller of CN=Mia Keller,OU=Staff."""
    return _unescaped(_first_part(dn).partition("=")[2])


def child(kind: str, value: str, of: str) -> str:
    """The name of an object one level below another."""
    return f"{kind}={_escaped(value)},{of}"


def dns_domain(name: str) -> str:
    """The naming context of a DNS domain: corp.example becomes DC=corp,DC=example."""
    return ",".join(f"DC={label}" for label in name.split("."))


def _first_part(dn: str) -> str:
    found = _PART.match(dn)
    return found.group() if found else ""


def _folded(part: str) -> str:
    kind, equals, value = part.partition("=")
    if not equals or not kind.strip():
        raise InvalidName(part)
    return f"{kind.strip().lower()}={_unescaped(value.strip()).casefold()}"


def _escaped(value: str) -> str:
    return _NEEDS_ESCAPE.sub(lambda found: "\\" + found.group(), value)


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(_plain, value)


def _plain(escape: re.Match[str]) -> str:
    pairs, character = escape.groups()
    if pairs is None:
        return str(character)
    return bytes.fromhex(pairs.replace("\\", "")).decode(errors="replace")
