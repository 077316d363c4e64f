"""`resetline audit`: what happened, for those who have to answer for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import click
from click.exceptions import Exit

from gateway.cli import output, storage
from gateway.cli.shell import Failed
from gateway.cli.times import Since
from gateway.records import AuditEvent
from gateway.records.audit import Event, Which, audit_page
from gateway.records.database import Database
from gateway.settings import StorageSettings

AT_ONCE: Final = 500
KEPT: Final = re.compile(r"([1-9][0-9]{0,18}):([0-9a-f]{64})")


class KeptHead(click.ParamType[tuple[int, str]]):
    """What `resetline audit head` printed."""

    name = "head"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, str]:
        found = KEPT.fullmatch(str(value).strip())
        if not found:
            self.fail("give it as `resetline audit head` printed it: POSITION:HASH", param, ctx)
        return int(found[1]), found[2]


@click.group()
def audit() -> None:
    """What happened, for those who have to answer for it."""


@audit.command()
@click.option("--format", "form", type=click.Choice(["jsonl", "csv", "cef"]), default="jsonl")
@click.option("--since", type=Since(), help="From then on: 90m, 12h, 7d, or a date in UTC.")
@click.option("--until", type=Since(), help="Only before then, given in the same way.")
@click.option("--organization", "slug", metavar="SLUG", help="Of this organization alone.")
@click.option(
    *("--event", "events"),
    type=click.Choice([event.value for event in Event]),
    multiple=True,
    metavar="EVENT",
    help="Of this kind alone, as `password:reset:failed`; may be repeated.",
)
def export(
    form: str,
    since: datetime | None,
    until: datetime | None,
    slug: str | None,
    events: tuple[str, ...],
) -> None:
    """Write events to standard output, oldest first, however many there are."""
    from gateway.cli.audit_formats import WRITERS

    with storage.open_database() as database:
        which = Which(since, until, _organization_id(database, slug), events)
        WRITERS[form](_events(database, which))


@audit.command()
@click.option("--head", "kept", type=KeptHead(), help="A head that you kept: is it still in it?")
@output.as_json
def verify(kept: tuple[int, str] | None, *, as_json: bool) -> None:
    """Prove that nothing was changed, added or taken out since it was sealed.

    Ends with status 1 and names the first bad event if something was.
    """
    from gateway.cli.verifying import verify as verdict_on

    keys = storage.read_settings(StorageSettings).secret_keys
    with storage.open_database() as database:
        verdict = verdict_on(database, keys, storage.now(), kept)
    if as_json:
        output.write_json(verdict.as_dict())
    else:
        _tell(verdict.verified, verdict.older, verdict.unsealed, whole=verdict.broken is None)
    if verdict.broken and as_json:
        raise Exit(1)
    if verdict.broken:
        raise Failed(str(verdict.broken))


@audit.command()
def head() -> None:
    """Print the place and hash of the newest sealed event, to be kept elsewhere."""
    from gateway.records.chain_state import chain_state

    with storage.open_database() as database, database.reading() as session:
        last = chain_state(session).head
    if last is None or not last.count:
        raise Failed("no event has been sealed yet: is the clock running?")
    click.echo(f"{last.count}:{last.chain}")


def _tell(verified: int, older: int, unsealed: int, *, whole: bool) -> None:
    so_far = "" if whole else " until the chain breaks"
    click.echo(f"Verified {verified} events{so_far}.")
    if older:
        click.echo(
            f"{older} of them happened before the chain began, and are sealed as found then."
        )
    if unsealed:
        click.echo(f"{unsealed} are too new to be sealed.")


def _organization_id(database: Database, slug: str | None) -> int | None:
    if slug is None:
        return None
    with database.reading() as session:
        return storage.find_organization(session, slug).id


def _events(database: Database, which: Which) -> Iterator[AuditEvent]:
    """No transaction is open while whoever reads them takes their time: it would hold others up."""
    after_id = 0
    while True:
        with database.reading() as session:
            events = audit_page(session, which, after_id=after_id, at_most=AT_ONCE)
        if not events:
            return
        yield from events
        after_id = events[-1].id
