"""LDAP messages: requests taken apart into values, answers put together as bytes (RFC 4511)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from simulator.active_directory import ber, filters
from simulator.active_directory.tree import Scope

NOTICE_OF_DISCONNECTION = "1.3.6.1.4.1.1466.20036"
_SIMPLE = 0x80
_CONTROLS = 0xA0
_ENTRY, _DONE, _REFERENCE = 0x64, 0x65, 0x73
_EXTENDED_RESPONSE, _RESPONSE_NAME, _RESPONSE_VALUE = 0x78, 0x8A, 0x8B


@dataclass(frozen=True, slots=True)
class Control:
    """A control sent with a request or an answer."""

    oid: str
    critical: bool = False
    value: bytes = b""


@dataclass(frozen=True, slots=True)
class BindRequest:
    version: int
    name: str
    password: str | None = field(repr=False)
    """None for any way to authenticate that is not a simple bind."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    base: str
    scope: Scope
    size_limit: int
    types_only: bool
    filter: filters.Filter
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a modify: 0 adds values, 1 deletes, 2 replaces."""

    operation: int
    attribute: str
    values: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ModifyRequest:
    target: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ExtendedRequest:
    oid: str


@dataclass(frozen=True, slots=True)
class UnbindRequest:
    pass


@dataclass(frozen=True, slots=True)
class AbandonRequest:
    pass


@dataclass(frozen=True, slots=True)
class OtherRequest:
    """Add, delete, rename and compare, which nothing here needs."""


Request = (
    BindRequest
    | SearchRequest
    | ModifyRequest
    | ExtendedRequest
    | UnbindRequest
    | AbandonRequest
    | OtherRequest
)


@dataclass(frozen=True, slots=True)
class Message:
    """One request with its number and controls."""

    number: int
    tag: int
    request: Request
    controls: tuple[Control, ...]


def read(data: bytes) -> Message:
    """One whole message. BerError for anything that is not LDAP."""
    try:
        ((_, content),) = ber.elements(data)
        (_, number), (kind, body), *rest = ber.listed(content, 2)
        controls = tuple(
            _control(part)
            for tag_, part in rest
            if tag_ == _CONTROLS
            for _, part in ber.elements(part)
        )
        return Message(ber.number(number), kind, _REQUESTS[kind](body), controls)
    except (IndexError, KeyError, ValueError) as error:
        raise ber.BerError("not an LDAP request") from error


def result(
    message: Message,
    code: int,
    text: str = "",
    *,
    matched_dn: str = "",
    controls: Sequence[Control] = (),
    name: str = "",
    value: bytes | None = None,
) -> bytes:
    """The answer that ends a request. Name and value belong to extended operations."""
    tag = _ANSWERS[message.tag]
    parts = [ber.integer(code, ber.ENUMERATED), ber.octets(matched_dn), ber.octets(text)]
    if name:
        parts.append(ber.octets(name, _RESPONSE_NAME))
    if value is not None:
        parts.append(ber.octets(value, _RESPONSE_VALUE))
    return _message(message.number, ber.element(tag, *parts), controls)


def entry(message: Message, dn: str, attributes: Iterable[tuple[str, Sequence[bytes]]]) -> bytes:
    """One object that a search found."""
    listed = (
        ber.element(ber.SEQUENCE, ber.octets(name), ber.element(ber.SET, *map(ber.octets, values)))
        for name, values in attributes
    )
    return _message(
        message.number, ber.element(_ENTRY, ber.octets(dn), ber.element(ber.SEQUENCE, *listed))
    )


def reference(message: Message, url: str) -> bytes:
    """A place where a search could be continued."""
    return _message(message.number, ber.element(_REFERENCE, ber.octets(url)))


def notice_of_disconnection(code: int, text: str) -> bytes:
    """What is said before hanging up on somebody who doesn't speak LDAP."""
    parts = (ber.integer(code, ber.ENUMERATED), ber.octets(""), ber.octets(text))
    name = ber.octets(NOTICE_OF_DISCONNECTION, _RESPONSE_NAME)
    return _message(0, ber.element(_EXTENDED_RESPONSE, *parts, name), ())


def _message(number: int, operation: bytes, controls: Sequence[Control] = ()) -> bytes:
    listed = (
        ber.element(
            ber.SEQUENCE,
            ber.octets(control.oid),
            *([ber.element(ber.BOOLEAN, b"\xff")] if control.critical else []),
            ber.octets(control.value),
        )
        for control in controls
    )
    tail = [ber.element(_CONTROLS, *listed)] if controls else []
    return ber.element(ber.SEQUENCE, ber.integer(number), operation, *tail)


def _control(content: bytes) -> Control:
    (_, oid), *rest = ber.listed(content, 1)
    parts = dict(rest)
    critical = any(parts.get(ber.BOOLEAN, b""))
    return Control(oid.decode(), critical, parts.get(ber.OCTET_STRING, b""))


def _bind(content: bytes) -> BindRequest:
    (_, version), (_, name), (kind, secret), *_rest = ber.listed(content, 3)
    password = secret.decode(errors="replace") if kind == _SIMPLE else None
    return BindRequest(ber.number(version), name.decode(), password)


def _search(content: bytes) -> SearchRequest:
    (_, base), (_, scope), _deref, (_, size), _time, (_, types), asked, (_, names) = ber.listed(
        content, 8
    )
    return SearchRequest(
        base=base.decode(),
        scope=Scope(ber.number(scope)),
        size_limit=ber.number(size),
        types_only=any(types),
        filter=filters.read(*asked),
        attributes=tuple(name.decode() for _, name in ber.elements(names)),
    )


def _modify(content: bytes) -> ModifyRequest:
    (_, target), (_, changes) = ber.listed(content, 2)
    return ModifyRequest(target.decode(), tuple(_change(part) for _, part in ber.elements(changes)))


def _change(content: bytes) -> Change:
    (_, operation), (_, modification) = ber.listed(content, 2)
    (_, attribute), (_, values) = ber.listed(modification, 2)
    return Change(
        ber.number(operation), attribute.decode(), tuple(value for _, value in ber.elements(values))
    )


def _extended(content: bytes) -> ExtendedRequest:
    (_, oid), *_value = ber.listed(content, 1)
    return ExtendedRequest(oid.decode())


_REQUESTS: dict[int, Callable[[bytes], Request]] = {
    0x60: _bind,
    0x63: _search,
    0x66: _modify,
    0x77: _extended,
    0x42: lambda _: UnbindRequest(),
    0x50: lambda _: AbandonRequest(),
    0x68: lambda _: OtherRequest(),
    0x4A: lambda _: OtherRequest(),
    0x6C: lambda _: OtherRequest(),
    0x6E: lambda _: OtherRequest(),
}

_ANSWERS = {
    0x60: 0x61,
    0x63: _DONE,
    0x66: 0x67,
    0x77: _EXTENDED_RESPONSE,
    0x68: 0x69,
    0x4A: 0x6B,
    0x6C: 0x6D,
    0x6E: 0x6F,
}
