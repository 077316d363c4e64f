"""What of `resetline people` lets people be helped by text, or lets them be helped no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.cli import choosing, storage
from gateway.cli.choosing import Filter, chosen
from gateway.cli.shell import SHOW_AT_MOST
from gateway.records import Person
from gateway.records.audit import Event, record
from gateway.records.database import Database
from gateway.records.freezing import freeze, unfreeze
from gateway.records.people import Suspension
from gateway.records.suspending import suspend, unsuspend

AT_ONCE: Final = 200
"""People in one transaction: on SQLite texts wait for it."""

Change = Callable[[Session, Person, datetime], bool]
"""Changes one person where there is something to change: whether there was."""


@click.command("self-serve")
@click.argument("slug")
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.argument("usernames", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="All people of the organization.")
@choosing.filters
@click.option("--dry-run", is_flag=True, help="Tell whom it would change, and change nobody.")
def self_serve_(
    slug: str,
    switch: str,
    usernames: Sequence[str],
    *,
    everybody: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Let people of the organization SLUG help themselves by text, or let them no more.

    Name them, say --all, or choose them by a filter: whoever meets all that it asks for.
    """
    on, which = switch == "on", Filter.of(options)

    def change(session: Session, person: Person, now: datetime) -> bool:
        return _switch(session, person, now, on=on)

    with storage.open_database() as database:
        with database.reading() as session:
            organization = storage.find_organization(session, slug)
            found = chosen(session, organization, usernames, which, everybody=everybody)
            people = {each.id: each.username for each in found if each.self_serve != on}
        count = len(people) if dry_run else _change_all(database, list(people), change)
    if dry_run:
        _tell_names(list(people.values()))
    done = "Would switch" if dry_run else "Switched"
    click.echo(f"{done} self-service {switch} for {counted(count)}.")


@click.command("suspend")
@click.argument("slug")
@click.argument("usernames", nargs=-1, required=True)
def suspend_(slug: str, usernames: Sequence[str]) -> None:
    """Do nothing by text for people of SLUG for now. Links that they were sent work no more.

    A synchronization with the directory does not let them in again: only `people unsuspend` does.
    """
    with _named(slug, usernames) as (session, people):
        now, others = storage.now(), [each for each in people if not _is_suspended(each)]
        for person in others:
            suspend(session, person, Suspension.OPERATOR, now, mode="cli")
    click.echo(f"Suspended {counted(len(others))}.")


@click.command("unsuspend")
@click.argument("slug")
@click.argument("usernames", nargs=-1, required=True)
def unsuspend_(slug: str, usernames: Sequence[str]) -> None:
    """Let people of SLUG be helped by text again."""
    with _named(slug, usernames) as (session, people):
        now, suspended = storage.now(), [each for each in people if each.suspended_at]
        for person in suspended:
            _warn_of_the_directory(person)
            unsuspend(session, person, now, mode="cli")
    click.echo(f"Let {counted(len(suspended))} in again.")


@click.command("freeze")
@click.argument("slug")
@click.argument("usernames", nargs=-1, required=True)
def freeze_(slug: str, usernames: Sequence[str]) -> None:
    """Do nothing by text for people of SLUG who fear that somebody else has their phone."""
    with _named(slug, usernames) as (session, people):
        now, others = storage.now(), [each for each in people if not each.frozen_at]
        for person in others:
            freeze(session, person, now, mode="cli")
    click.echo(f"Froze {counted(len(others))}.")


@click.command("unfreeze")
@click.argument("slug")
@click.argument("usernames", nargs=-1, required=True)
def unfreeze_(slug: str, usernames: Sequence[str]) -> None:
    """Let people of SLUG be helped by text again, once you know that it is them."""
    with _named(slug, usernames) as (session, people):
        now, frozen = storage.now(), [each for each in people if each.frozen_at]
        for person in frozen:
            unfreeze(session, person, now, mode="cli")
    click.echo(f"Unfroze {counted(len(frozen))}.")


SWITCHES: Final = (self_serve_, suspend_, unsuspend_, freeze_, unfreeze_)


def counted(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


@contextmanager
def _named(slug: str, usernames: Sequence[str]) -> Iterator[tuple[Session, list[Person]]]:
    """The people who are named, each once. One name that nobody has stops all of it."""
    with storage.open_database() as database, database.transaction() as session:
        organization = storage.find_organization(session, slug)
        found = [storage.find_person(session, organization, each) for each in usernames]
        yield session, list(dict.fromkeys(found))


def _change_all(database: Database, ids: Sequence[int], change: Change) -> int:
    """In portions, so that nobody's text waits for long. How many were changed."""
    changed = 0
    for at in range(0, len(ids), AT_ONCE):
        with database.transaction() as session:
            wanted = select(Person).where(Person.id.in_(ids[at : at + AT_ONCE])).order_by(Person.id)
            now, people = storage.now(), session.scalars(wanted).all()
            changed += sum(change(session, person, now) for person in people)
    return changed


def _switch(session: Session, person: Person, now: datetime, *, on: bool) -> bool:
    if person.self_serve == on:
        return False
    person.self_serve = on
    record(session, Event.SELF_SERVE_ON if on else Event.SELF_SERVE_OFF, person, now, mode="cli")
    return True


def _is_suspended(person: Person) -> bool:
    """By an operator: whom only the directory suspends, it would let in again."""
    return person.suspended_for == Suspension.OPERATOR


def _warn_of_the_directory(person: Person) -> None:
    if not _is_suspended(person):
        click.echo(
            f"Note: the directory says that the account of {person.username} is "
            f"{person.suspended_for}; while it says so, the next synchronization suspends them.",
            err=True,
        )


def _tell_names(names: Sequence[str]) -> None:
    for name in names[:SHOW_AT_MOST]:
        click.echo(name)
    if len(names) > SHOW_AT_MOST:
        click.echo(f"… and {len(names) - SHOW_AT_MOST} more")
