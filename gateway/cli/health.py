"""`resetline health`: whether a process of this machine is at work, for supervisors to ask."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import click

from gateway.cli import storage
from gateway.cli.processes import QUEUES
from gateway.cli.shell import Failed

ANSWERS_WITHIN_SECONDS: Final = 5


@click.group()
def health() -> None:
    """Whether a process is at work, for supervisors to ask. Exit status 1 if not."""


@health.command()
def clock() -> None:
    """Whether this machine's clock was heard of lately."""
    from gateway.engine.pulse import CLOCK

    _tell("clock", CLOCK)


@health.command()
@click.option("--queue", type=click.Choice(QUEUES), default="interactive")
def worker(queue: str) -> None:
    """Whether this machine's workers of a queue were heard of lately."""
    from gateway.engine.doorbell import QueueName
    from gateway.engine.pulse import worker_of

    _tell(f"worker ({queue})", worker_of(QueueName(queue)))


@health.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def web(host: str, port: int) -> None:
    """Whether the web process answers and can keep texts: it is asked for /readyz."""
    import requests

    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        answer = requests.get(f"http://{place}/readyz", timeout=ANSWERS_WITHIN_SECONDS)
        told = answer.json()
        status, database = told["status"], told["database"]
    except (requests.RequestException, ValueError, TypeError, KeyError):
        raise Failed(f"the web process does not answer on {place}: restart it") from None
    if not answer.ok:
        raise Failed(f"the web process cannot keep texts (database: {database})")
    click.echo(f"The web process answers: {status}.")


def _tell(shown: str, kind: str) -> None:
    from gateway.engine.pulse import SILENT_AFTER, on_this_machine
    from gateway.records.heartbeats import last_beat

    with storage.open_database() as database, database.reading() as session:
        at = last_beat(session, on_this_machine(kind))
    ago = _ago(at)
    if ago is None or ago > SILENT_AFTER:
        silence = "was never" if ago is None else "has long not been"
        raise Failed(f"this machine's {shown} {silence} heard of: look at its log, restart it")
    click.echo(f"This machine's {shown} is at work: heard of {ago.total_seconds():.0f} s ago.")


def _ago(at: datetime | None) -> timedelta | None:
    return max(timedelta(), storage.now() - at) if at else None
