"""`resetline audit`: what happened, for those who have to answer for it."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import click

from gateway.cli import storage
from gateway.records import AuditEvent
from gateway.records.audit import audit_page
from gateway.records.database import Database

FIELDS: Final = (
    "id",
    "at",
    "event",
    "mode",
    "tenant_id",
    "organization_id",
    "person_id",
    "request_id",
    "reason",
)
BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
AT_ONCE: Final = 500


@click.group()
def audit() -> None:
    """What happened, for those who have to answer for it."""


@audit.command()
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl")
@click.option("--since", type=click.DateTime(), help="Only from this time on, in UTC.")
def export(form: str, since: datetime | None) -> None:
    """Write all events to standard output, oldest first, however many there are."""
    first = since.replace(tzinfo=UTC) if since else None
    with storage.open_database() as database:
        WRITERS[form](_events(database, first))


def _events(database: Database, since: datetime | None) -> Iterator[AuditEvent]:
    """No transaction is open while whoever reads them takes their time: it would hold others up."""
    after_id = 0
    while True:
        with database.transaction() as session:
            events = audit_page(session, after_id=after_id, since=since, at_most=AT_ONCE)
        if not events:
            return
        yield from events
        after_id = events[-1].id


def _write_jsonl(events: Iterable[AuditEvent]) -> None:
    for event in events:
        click.echo(json.dumps(_fields(event), ensure_ascii=False))


def _write_csv(events: Iterable[AuditEvent]) -> None:
    writer = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL)
    writer.writerow(FIELDS)
    for event in events:
        writer.writerow([harmless(value) for value in _fields(event).values()])


WRITERS: Final[dict[str, Callable[[Iterable[AuditEvent]], None]]] = {
    "jsonl": _write_jsonl,
    "csv": _write_csv,
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
