"""`resetline people sync`: keeps the people of an organization in step with its directory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.errors import DirectoryMisconfigured
from gateway.cli import output, storage
from gateway.cli.shell import Failed
from gateway.cli.sync_report import tell
from gateway.cli.sync_state import show_state
from gateway.engine.sync.report import Report
from gateway.engine.sync.syncing import LEASE, SyncFailed, Syncing, SyncOvertaken, Task
from gateway.engine.sync.wishes import Wishes
from gateway.records import Organization, Person, Sync
from gateway.records.database import Database
from gateway.records.shared_time import SharedTime
from gateway.records.syncs import sync_of, take_sync
from gateway.settings import MailSettings

OFF: Final = 0
SHORTEST_MINUTES: Final = 5
LONGEST_MINUTES: Final = 7 * 24 * 60
WORTH_A_BAR: Final = 500
"""Fewer are looked at before anybody could read a progress bar."""


class Every(click.ParamType[int]):
    """Minutes, or `off`."""

    name = "minutes|off"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).lower()
        minutes = int(text) if text.isdecimal() else OFF
        if text != "off" and not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
            self.fail(
                f"{value!r} is neither off nor a number of minutes from {SHORTEST_MINUTES} "
                f"to {LONGEST_MINUTES}, which is a week",
                param,
                ctx,
            )
        return minutes


@click.command()
@click.argument("slug")
@click.option("--ou", "places", multiple=True, metavar="DN", help="Only who is below; repeatable.")
@click.option(
    "--group", "groups", multiple=True, metavar="DN", help="Only its members, nested ones too."
)
@click.option("--everybody", is_flag=True, help="All below the base DN: no --ou or --group more.")
@click.option(
    "--phone-attribute",
    "phone_attributes",
    multiple=True,
    metavar="NAME",
    help="Where numbers are, best first; mobile and otherMobile if nothing is said.",
)
@click.option(
    "--trust-phones/--no-trust-phones",
    default=None,
    help="The organization vouches for the numbers from now on.",
)
@click.option(
    "--self-serve/--no-self-serve", default=None, help="Whoever is new may reset by text."
)
@click.option(
    "--invite/--no-invite", default=None, help="Whoever is new is sent the mail to enrol by."
)
@click.option("--every", type=Every(), help="Do it again by itself, or off; 60 is a good choice.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option(
    "--allow-mass-suspension", is_flag=True, help="Suspend also more than a fifth of all people."
)
@click.option("--show", is_flag=True, help="Show what was said before and how it went. No run.")
@output.as_json
def sync(
    slug: str,
    *,
    everybody: bool,
    every: int | None,
    dry_run: bool,
    allow_mass_suspension: bool,
    show: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Bring people of the organization SLUG in from its directory, and keep them in step.

    What is said here is kept, and meant by every later run until something else is said.
    A person is known by the account's immutable id: a new name or place changes nothing else.
    Who is disabled, expired or no longer listed is suspended, and comes back with the account.
    """
    said = {name: value for name, value in options.items() if value not in (None, ())}
    said |= {"places": (), "groups": ()} if everybody else {}
    with storage.open_storage() as (database, seal):
        command = _Command(slug, database, Syncing(database, seal, SharedTime(database)))
        if show:
            command.show(as_json=as_json)
            return
        task = command.checked(said)
        if task.wishes.invite and not dry_run and every != OFF:
            storage.need_mail_server(storage.read_settings(MailSettings))
        if dry_run:
            report = command.look(task, allow_mass_suspension)
        elif every == OFF:
            command.end_schedule(task)
            return
        else:
            report = command.run(task, every, allow_mass_suspension)
    tell(slug, report, task.wishes, dry_run=dry_run, as_json=as_json)


class _Command:
    """What the command does, one step after the other."""

    def __init__(self, slug: str, database: Database, syncing: Syncing) -> None:
        self._slug = slug
        self._database = database
        self._syncing = syncing
        self._now: Callable[[], datetime] = SharedTime(database)

    def show(self, *, as_json: bool) -> None:
        with self._database.reading() as session:
            organization = storage.find_organization(session, self._slug)
            show_state(self._slug, sync_of(session, organization), as_json=as_json)

    def checked(self, said: Mapping[str, Any]) -> Task:
        """What was said before with what is said now, refused where it cannot be meant."""
        with self._database.reading() as session:
            organization = storage.find_organization(session, self._slug)
            task = _task(organization, sync_of(session, organization), said)
        if task.profile is None:
            raise Failed(
                f"{self._slug} has no directory yet: say how it is reached with "
                "`resetline directory set`"
            )
        try:
            self._syncing.refuse_unsound(task.profile, task.wishes)
        except DirectoryMisconfigured as error:
            raise Failed(f"{error}: nothing was changed") from None
        return task

    def look(self, task: Task, allow_many: bool) -> Report:  # noqa: FBT001 - as typed
        with _progress(self._in_step(task)) as progress:
            return self._told(
                lambda: self._syncing.look(
                    task, allows_many_suspensions=allow_many, progress=progress
                )
            )

    def run(self, task: Task, every: int | None, allow_many: bool) -> Report:  # noqa: FBT001
        held = self._take(task, every)
        with _progress(self._in_step(task)) as progress:
            return self._told(
                lambda: self._syncing.carry_out(
                    held, mode="cli", allows_many_suspensions=allow_many, progress=progress
                )
            )

    def end_schedule(self, task: Task) -> None:
        with self._database.transaction() as session:
            row = self._stored(session, task)
            row.every_minutes = row.due_at = row.ring_at = None
        click.echo(f"{self._slug} is not synchronized by itself any more.")

    def _take(self, task: Task, every: int | None) -> Task:
        now = self._now()
        with self._database.transaction() as session:
            row = self._stored(session, task)
            if every is not None:
                row.every_minutes, row.due_at = every, now + timedelta(minutes=every)
            session.flush()
            held = take_sync(session, row.id, now, LEASE)
            if held is None:
                raise Failed(
                    f"{self._slug} is being synchronized just now: nothing was changed, "
                    "try again when that has ended"
                )
            return Task.of(held)

    def _stored(self, session: Session, task: Task) -> Sync:
        organization = storage.find_organization(session, self._slug)
        row = sync_of(session, organization)
        if row is None:
            row = Sync(
                tenant_id=organization.tenant_id, organization=organization, created_at=self._now()
            )
            session.add(row)
        row.options = task.wishes.options
        return row

    def _told(self, work: Callable[[], Report]) -> Report:
        try:
            return work()
        except SyncFailed as error:
            raise Failed(f"{error} (nobody was suspended)") from None
        except SyncOvertaken:
            raise Failed("another run has taken over, as this one stood still too long") from None

    def _in_step(self, task: Task) -> int | None:
        """About how many will be listed; None where there was no run before."""
        wanted = select(func.count()).where(
            Person.organization_id == task.target.organization_id, Person.synced_at.is_not(None)
        )
        with self._database.reading() as session:
            return session.scalar(wanted) or None


def _task(organization: Organization, row: Sync | None, said: Mapping[str, Any]) -> Task:
    known = Wishes.of(row.options) if row else Wishes()
    return Task.unheld(organization, replace(known, **said))


def _unsized() -> Iterator[None]:
    """Nothing, and of no length that click could take for the whole: it is updated by hand."""
    yield from ()


@contextmanager
def _progress(about: int | None) -> Iterator[Callable[[int], None]]:
    """A bar for people; how many there will be is known only from the run before."""
    hidden = (about is not None and about < WORTH_A_BAR) or not sys.stderr.isatty()
    bar: Any = click.progressbar(
        _unsized(),
        length=about,
        label="Synchronizing",
        show_pos=True,
        file=sys.stderr,
        hidden=hidden,
    )
    with bar:
        yield bar.update
