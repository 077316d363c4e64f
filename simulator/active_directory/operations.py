"""What a server was asked, for tests to look at. Passwords and values are never kept."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulator.active_directory.root_dse import START_TLS, WHO_AM_I
from simulator.active_directory.wire import (
    AbandonRequest,
    BindRequest,
    ExtendedRequest,
    Message,
    ModifyRequest,
    SearchRequest,
    UnbindRequest,
)


class Kind(StrEnum):
    """The kinds of operation."""

    BIND = "bind"
    SEARCH = "search"
    MODIFY = "modify"
    START_TLS = "starttls"
    WHO_AM_I = "whoami"
    ABANDON = "abandon"
    UNBIND = "unbind"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Operation:
    """One request, noted before it was carried out."""

    kind: Kind
    target: str
    """The name it was aimed at, as it was sent; of a bind, who they said they are."""
    bound_as: str
    """The sAMAccountName of whoever asked; empty is nobody."""
    attributes: tuple[str, ...]
    """The names of the attributes that it reads or writes."""
    encrypted: bool


def operation_of(message: Message, *, bound_as: str, encrypted: bool) -> Operation:
    """What to remember of a message."""
    kind, target, attributes = _told(message)
    return Operation(kind, target, bound_as, attributes, encrypted)


def _told(message: Message) -> tuple[Kind, str, tuple[str, ...]]:
    match message.request:
        case BindRequest(name=name):
            return Kind.BIND, name, ()
        case SearchRequest(base=base, attributes=attributes):
            return Kind.SEARCH, base, attributes
        case ModifyRequest(target=target, changes=changes):
            return Kind.MODIFY, target, tuple(change.attribute for change in changes)
        case ExtendedRequest(oid=oid):
            return _EXTENDED.get(oid, Kind.OTHER), oid, ()
        case AbandonRequest():
            return Kind.ABANDON, "", ()
        case UnbindRequest():
            return Kind.UNBIND, "", ()
        case _:
            return Kind.OTHER, "", ()


_EXTENDED = {START_TLS: Kind.START_TLS, WHO_AM_I: Kind.WHO_AM_I}
