"""How the values of an attribute are compared: as numbers, names, bytes or text without case."""

from __future__ import annotations

from simulator.active_directory import names
from simulator.active_directory.identifiers import looks_like_sid, sid_bytes
from simulator.active_directory.names import DnKey, InvalidName

Comparable = int | str | bytes | DnKey

_NUMBERS = frozenset(
    [
        "accountexpires",
        "admincount",
        "badpasswordtime",
        "badpwdcount",
        "grouptype",
        "instancetype",
        "lastlogon",
        "lockouttime",
        "logoncount",
        "primarygroupid",
        "pwdlastset",
        "samaccounttype",
        "useraccountcontrol",
        "usnchanged",
        "usncreated",
        "minpwdlength",
        "maxpwdage",
        "minpwdage",
        "lockoutthreshold",
        "lockoutduration",
        "lockoutobservationwindow",
        "pwdhistorylength",
        "pwdproperties",
        "msds-passwordsettingsprecedence",
        "msds-minimumpasswordlength",
    ]
)
_NAMES = frozenset(
    [
        "distinguishedname",
        "memberof",
        "member",
        "manager",
        "fsmoroleowner",
        "ncname",
        "serverreference",
        "msds-psoappliesto",
    ]
)
_OCTETS = frozenset(["objectguid", "objectsid"])
_CATEGORY_OF_CLASS = {"user": "person", "organizationalunit": "organizational-unit"}


def comparable(attribute: str, value: bytes) -> Comparable | None:
    """A form in which equal values are equal. None if it is no value of that kind."""
    folded = attribute.lower()
    if folded in _NUMBERS:
        return number(value)
    if folded in _OCTETS:
        return _octets(value)
    text = value.decode(errors="replace")
    if folded in _NAMES:
        return _name(text)
    return _category(text) if folded == "objectcategory" else text.casefold()


def number(value: bytes) -> int | None:
    """A decimal number, or None."""
    try:
        return int(value)
    except ValueError:
        return None


def _octets(value: bytes) -> bytes:
    """A SID may be searched for as people write it."""
    text = value.decode(errors="replace")
    return sid_bytes(text) if looks_like_sid(text) else value


def _name(text: str) -> DnKey | None:
    try:
        return names.key(text)
    except InvalidName:
        return None


def _category(text: str) -> str:
    """CN=Person,CN=Schema,… and the short `person` are the same."""
    short = (names.first_value(text) if "=" in text else text).casefold()
    return _CATEGORY_OF_CLASS.get(short, short)
