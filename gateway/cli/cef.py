"""An audited event as a line of CEF, ArcSight's Common Event Format, which every SIEM reads."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any, Final

from gateway.records import AuditEvent
from gateway.records.audit import Event

PASSWORD_RESETS: Final = {
    Event.RESET_SUCCEEDED: "E_PWDRESET_SUCCEEDED",
    Event.RESET_REFUSED: "E_PWDRESET_FAILED",
    Event.RESET_FAILED: "E_PWDRESET_FAILED",
}
"""A refusal counts as a failure there; its reason and `act` tell them apart."""

FAILURES: Final = frozenset({"failed", "refused", "undelivered", "untold", "stale", "left"})
UNKNOWNS: Final = frozenset({"uncertain", "unconfirmed"})
SEVERITY: Final = {"success": 3, "failure": 6, "unknown": 8}
GRAVE: Final = frozenset({Event.RESET_UNTOLD, Event.ONE_TIME_LEFT})
"""Somebody may be locked out by us, or a one-time password stays good."""


def cef_line(event: AuditEvent) -> str:
    outcome = _outcome(event.event)
    severity = 8 if event.event in GRAVE else SEVERITY[outcome]
    name = event.event.replace(":", " ").replace("_", " ").capitalize()
    header = ("Resetline", "Resetline", _version(), _class_id(event.event), name, severity)
    extension = " ".join(f"{key}={_value(value)}" for key, value in _told(event, outcome).items())
    return "|".join(["CEF:0", *map(_header, header), extension])


def _told(event: AuditEvent, outcome: str) -> dict[str, Any]:
    """Under the keys of CEF's dictionary; what it has no key for is custom, with its label."""
    told = {
        "rt": int(event.at.timestamp() * 1000),
        "externalId": event.id,
        "act": event.event,
        "outcome": outcome,
        "reason": event.reason or None,
        "duid": event.person_id,
    }
    customs = {
        "cn1": ("position", event.position),
        "cn2": ("organizationId", event.organization_id),
        "cn3": ("requestId", event.request_id),
        "cs1": ("mode", event.mode),
        "cs2": ("chain", event.chain),
        "cs3": ("tenantId", event.tenant_id),
    }
    for key, (label, value) in customs.items():
        told |= {key: value, f"{key}Label": label} if value is not None else {}
    return {key: value for key, value in told.items() if value is not None}


def _class_id(event: str) -> str:
    known = PASSWORD_RESETS.get(Event(event)) if event in set(Event) else None
    return known or "E_" + event.replace(":", "_").upper()


def _outcome(event: str) -> str:
    ended = event.rpartition(":")[2]
    return "failure" if ended in FAILURES else "unknown" if ended in UNKNOWNS else "success"


def _header(value: Any) -> str:
    """Bars and backslashes are escaped; a line break has no place there at all."""
    escaped = str(value).replace("\\", "\\\\").replace("|", "\\|")
    return " ".join(escaped.splitlines())


def _value(value: Any) -> str:
    """Bars are harmless here, and equals signs are not."""
    escaped = str(value).replace("\\", "\\\\").replace("=", "\\=")
    return escaped.replace("\r", "\\r").replace("\n", "\\n")


@cache
def _version() -> str:
    return version("resetline")
