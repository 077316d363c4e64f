"""Distinguished names, compared the way a directory compares them."""

from __future__ import annotations

import re
from collections.abc import Iterable

RDN = re.compile(r"(?:\\.|[^\\,])+", re.DOTALL)
ESCAPED = re.compile(rb"\\([0-9A-Fa-f]{2}|.)", re.DOTALL)
HEX_PAIR_LENGTH = 2


def lies_under(dn: str, base: str) -> bool:
    """Whether an object stands somewhere below a base; never the base itself.

    The text is taken apart first: an object named `a,OU=Staff` does not stand under OU=Staff.
    """
    parts, base_parts = _parts(dn), _parts(base)
    return len(parts) > len(base_parts) > 0 and parts[-len(base_parts) :] == base_parts


def is_among(dn: str, others: Iterable[str]) -> bool:
    """Whether one of the others is another spelling of the same name, or the same."""
    return any(_parts(dn) == _parts(other) for other in others)


def lies_within(dn: str, base: str) -> bool:
    """Whether it is the base itself, or stands somewhere below it."""
    return is_among(dn, [base]) or lies_under(dn, base)


def is_distinguished(name: str) -> bool:
    """Whether every part of a text has the form attribute=value."""
    parts = RDN.findall(name)
    return bool(parts) and all(re.match(r"\s*[A-Za-z][\w.-]*\s*=\s*\S", part) for part in parts)


def parent(dn: str) -> str:
    """The name without its first part; empty at the top."""
    first = RDN.match(dn)
    return dn[first.end() + 1 :] if first else ""


def _parts(dn: str) -> list[tuple[str, str]]:
    return [_plain(part) for part in RDN.findall(dn)]


def _plain(rdn: str) -> tuple[str, str]:
    kind, _, value = rdn.partition("=")
    raw = ESCAPED.sub(_unescape, value.strip().encode("utf-8", "surrogateescape"))
    return kind.strip().casefold(), raw.decode("utf-8", "surrogateescape").casefold()


def _unescape(found: re.Match[bytes]) -> bytes:
    escaped = found[1]
    return bytes.fromhex(escaped.decode()) if len(escaped) == HEX_PAIR_LENGTH else escaped
