"""The controls that this server knows, and what they ask of a search or a modify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.active_directory import ber
from simulator.active_directory.refusals import control_refused
from simulator.active_directory.wire import Control

PAGED_RESULTS = "1.2.840.113556.1.4.319"
POLICY_HINTS = "1.2.840.113556.1.4.2239"
SECURITY_DESCRIPTOR_FLAGS = "1.2.840.113556.1.4.801"
SHOW_DELETED = "1.2.840.113556.1.4.417"
DOMAIN_SCOPE = "1.2.840.113556.1.4.1339"

SUPPORTED = (
    PAGED_RESULTS,
    SECURITY_DESCRIPTOR_FLAGS,
    SHOW_DELETED,
    DOMAIN_SCOPE,
    POLICY_HINTS,
)


@dataclass(frozen=True, slots=True)
class Page:
    """How much a client wants at once, and where it had stopped."""

    size: int
    cookie: bytes


def accept(controls: Sequence[Control], supported: Sequence[str]) -> dict[str, Control]:
    """The controls that are known. An unknown one is refused if it is critical."""
    if any(each.critical and each.oid not in supported for each in controls):
        raise control_refused()
    return {each.oid: each for each in controls if each.oid in supported}


def page(control: Control | None) -> Page | None:
    """What a paged search asks for."""
    if control is None:
        return None
    size, cookie = _sequence(control, 2)
    return Page(ber.number(size), cookie)


def next_page(cookie: bytes) -> Control:
    """What a paged search is answered; an empty cookie ends it."""
    value = ber.element(ber.SEQUENCE, ber.integer(0), ber.octets(cookie))
    return Control(PAGED_RESULTS, value=value)


def wants_policy_hints(control: Control | None) -> bool:
    """Whether a reset has to obey history and minimum age too."""
    return control is not None and bool(ber.number(_sequence(control, 1)[0]))


def _sequence(control: Control, least: int) -> list[bytes]:
    try:
        ((_, content),) = ber.elements(control.value)
        return [part for _, part in ber.listed(content, least)]
    except (IndexError, ValueError):
        raise control_refused() from None
