"""`resetline requests`: what people asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import click
from sqlalchemy.orm import Session

from gateway.cli import output, storage
from gateway.cli.request_drawing import drawn
from gateway.cli.request_story import story, summary
from gateway.cli.request_words import WHY_NOT
from gateway.cli.shell import Failed
from gateway.cli.times import Since
from gateway.records import Request
from gateway.records.request_pages import Wanted, request_page
from gateway.records.requests import RequestState
from gateway.seal import Seal
from gateway.settings import Settings

STUCK_AFTER: Final = timedelta(seconds=60)
"""Most are answered within seconds, so somebody who waits for longer wonders what is wrong."""

an_id: Final = click.IntRange(1, 2**63 - 1)


@click.group()
def requests() -> None:
    """What people asked for, and what became of it."""


@requests.command("list")
@click.argument("slug", required=False)
@click.option("--state", type=click.Choice([state.value for state in RequestState]))
@click.option("--stuck", is_flag=True, help="Only where somebody has waited for over a minute.")
@click.option("--since", type=Since(), help="From then on: 90m, 12h, 7d, or a date in UTC.")
@click.option("--before", type=an_id, help="Older than this request: the next page.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@output.as_json
def list_(
    slug: str | None,
    *,
    state: str | None,
    stuck: bool,
    since: datetime | None,
    before: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """List requests, the newest first: all, or those of the organization SLUG."""
    with storage.open_database() as database, database.reading() as session:
        wanted = Wanted(
            organization_id=storage.find_organization(session, slug).id if slug else None,
            state=RequestState(state) if state else None,
            since=since,
            before_id=before,
            waits_since=storage.now() - STUCK_AFTER if stuck else None,
        )
        rows = [summary(each) for each in request_page(session, wanted, limit + 1)]
    output.write(rows[:limit], as_json=as_json, empty="There are no such requests.")
    if len(rows) > limit:
        click.echo(f"There are more: go on with --before {rows[limit - 1]['id']}.", err=True)


@requests.command()
@click.argument("request_id", metavar="ID", type=an_id)
@output.as_json
def show(request_id: int, *, as_json: bool) -> None:
    """Show the whole life of the request ID, with the number masked and never a password."""
    with storage.open_storage() as (database, seal), database.reading() as session:
        told = _story(session, request_id, seal)
    if as_json:
        output.write_json(told)
        return
    for line in drawn(told):
        click.echo(line)


@requests.command()
@click.argument("request_id", metavar="ID", type=an_id)
def retry(request_id: int) -> None:
    """Ring at once for what waits of the request ID; what has ended is never repeated."""
    settings = storage.read_settings(Settings)
    from gateway.engine.retrying import HeldByAWorker, Rung, ring_anew

    with storage.open_database() as database, database.transaction() as session:
        request = _find(session, request_id)
        try:
            rung: Sequence[Rung] = ring_anew(session, request, storage.now())
        except HeldByAWorker as held:
            raise Failed(
                f"request {request_id} is in a worker's hands until {held.until:%H:%M:%S} UTC: "
                "if it is not done by then, another takes it up"
            ) from None
        if not rung:
            raise Failed(f"request {request_id} is {request.state}: {WHY_NOT[request.state]}")
    _ring(settings, rung)


def _ring(settings: Settings, rung: Sequence[Any]) -> None:
    import time

    from gateway.engine.doorbell import RqDoorbell

    doorbell = RqDoorbell(settings.redis_url, time.monotonic)
    try:
        answers = [doorbell.ring(each.job, each.row_id) for each in rung]
    finally:
        doorbell.close()
    if all(answers):
        click.echo("Rang for it: a worker takes it up now.")
    else:
        click.echo("Redis cannot be reached: the clock takes it up within 5 seconds.", err=True)


def _story(session: Session, request_id: int, seal: Seal) -> dict[str, Any]:
    return story(session, _find(session, request_id), seal)


def _find(session: Session, request_id: int) -> Request:
    request = session.get(Request, request_id)
    if request is None:
        raise Failed(f"there is no request {request_id}: `resetline requests list` shows them")
    return request
