"""Shows what was said about a synchronization, when it runs, and how it went last."""

from __future__ import annotations

from typing import Any

import click

from gateway.cli import output
from gateway.cli.shell import Failed
from gateway.engine.sync.wishes import Wishes
from gateway.records import Sync


def show_state(slug: str, row: Sync | None, *, as_json: bool) -> None:
    if row is None:
        raise Failed(f"{slug} was never synchronized: try `resetline people sync {slug} --dry-run`")
    facts = _facts(row)
    if as_json:
        output.write_json(facts)
        return
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' '):<16} {output.shown(value)}")


def _facts(row: Sync) -> dict[str, Any]:
    times = {"next_run": row.due_at, "last_success": row.succeeded_at}
    return {
        **Wishes.of(row.options).options,
        "every_minutes": row.every_minutes,
        **{name: at.isoformat(timespec="seconds") if at else None for name, at in times.items()},
        "last_error": row.error,
    }
