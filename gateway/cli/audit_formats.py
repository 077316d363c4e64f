"""The forms in which audited events are written: JSON Lines, CSV, and CEF for a SIEM."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import click

from gateway.cli.cef import cef_line
from gateway.records import AuditEvent

FIELDS: Final = (
    *("id", "at", "event", "mode"),
    *("tenant_id", "organization_id", "person_id", "request_id"),
    *("reason", "position", "chain"),
)
BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def _write_jsonl(events: Iterable[AuditEvent]) -> None:
    for event in events:
        click.echo(json.dumps(_fields(event), ensure_ascii=False))


def _write_csv(events: Iterable[AuditEvent]) -> None:
    writer = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL)
    writer.writerow(FIELDS)
    for event in events:
        writer.writerow([harmless(value) for value in _fields(event).values()])


def _write_cef(events: Iterable[AuditEvent]) -> None:
    for event in events:
        click.echo(cef_line(event))


WRITERS: Final[dict[str, Callable[[Iterable[AuditEvent]], None]]] = {
    "jsonl": _write_jsonl,
    "csv": _write_csv,
    "cef": _write_cef,
}


def harmless(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula, with a quote before it as OWASP says."""
    if isinstance(value, str) and value.startswith(BEGINS_A_FORMULA):
        return f"'{value}"
    return value


def _fields(event: AuditEvent) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value := getattr(event, name), datetime) else value
        for name in FIELDS
    }
