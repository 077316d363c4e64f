"""`resetline people`: who may text, and from which phone."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy.orm import Session

from gateway.cli import output, storage
from gateway.cli.importing import Counts, Import, Wishes
from gateway.cli.invitations import approve_, invite_, revoke
from gateway.cli.languages import missing_texts
from gateway.cli.shell import Failed, WrongUsage, not_among
from gateway.cli.syncing import sync
from gateway.people_import import CsvInvalid, PeopleFile, Row, read
from gateway.phones import PhoneNumber
from gateway.records import Organization, Person
from gateway.records.audit import Event, record
from gateway.records.forgetting import forget_person
from gateway.records.people import people_of, person_by_username
from gateway.seal import Seal

WORTH_A_BAR: Final = 500
"""Fewer rows are done before anybody could read a progress bar."""


@click.group()
def people() -> None:
    """Who may text, and from which phone."""


for each in (invite_, revoke, approve_, sync):
    people.add_command(each)


@people.command("import")
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--trust-phones", is_flag=True, help="The organization vouches for the numbers.")
@click.option("--self-serve", is_flag=True, help="All of them may reset and unlock by text.")
@click.option("--skip-bad-rows", is_flag=True, help="Leave out rows that are no good.")
@output.as_json
def import_(
    slug: str,
    file: str,
    *,
    trust_phones: bool,
    self_serve: bool,
    skip_bad_rows: bool,
    as_json: bool,
) -> None:
    """Import people of the organization SLUG from a CSV FILE (- for standard input).

    Its first line names the columns, in any order: username, email, phone, display_name,
    language, self_serve. Only username is required. What the file does not say stays as it is;
    another phone number takes the place of the old one. A bad row stops the whole import.
    """
    wishes = Wishes(trust_phones=trust_phones, self_serve=self_serve)
    with storage.open_storage() as (database, seal):
        with database.transaction() as session:
            country = storage.find_organization(session, slug).country
        content = _read(file, country)
        _tell_bad_rows(content, skip=skip_bad_rows)
        with database.transaction() as session, _progress(content.rows) as rows:
            organization = storage.find_organization(session, slug)
            work = Import(session, seal, organization, wishes, storage.now())
            work.counts.skipped = len(content.bad)
            counts = work.run(rows)
    _tell_counts(slug, counts, as_json=as_json)
    _tell_languages(content.rows)


@people.command("list")
@click.argument("slug")
@output.as_json
def list_(slug: str, *, as_json: bool) -> None:
    """List the people of the organization SLUG, their phone numbers masked."""
    with storage.open_storage() as (database, seal), database.transaction() as session:
        found = people_of(session, storage.find_organization(session, slug))
        rows = [_described(person, seal) for person in found]
    empty = f"No people yet: `resetline people import {slug} FILE.csv`."
    output.write(rows if as_json else _flat(rows), as_json=as_json, empty=empty)


@people.command()
@click.argument("slug")
@click.argument("username")
def remove(slug: str, username: str) -> None:
    """Remove a person with their phones. What the audit knows of them stays."""
    with storage.open_database() as database, database.transaction() as session:
        person = _find(session, storage.find_organization(session, slug), username)
        record(session, Event.PERSON_REMOVED, person, storage.now(), mode="cli")
        gone = forget_person(session, person)
    if not gone:
        raise Failed(
            f"{username} can ask for nothing any more, but a text to them is still under way: "
            "run this again in ten minutes to remove them"
        )
    click.echo(f"Removed {username} from {slug}.")


@people.command("self-serve")
@click.argument("slug")
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.argument("usernames", nargs=-1)
@click.option("--all", "everybody", is_flag=True, help="All people of the organization.")
def self_serve(slug: str, switch: str, usernames: Sequence[str], *, everybody: bool) -> None:
    """Let people reset and unlock by text, or let them no more."""
    if everybody == bool(usernames):
        raise WrongUsage("name the people by their usernames, or say --all")
    event = Event.SELF_SERVE_ON if switch == "on" else Event.SELF_SERVE_OFF
    with storage.open_database() as database, database.transaction() as session:
        organization = storage.find_organization(session, slug)
        found = (
            people_of(session, organization)
            if everybody
            else [_find(session, organization, username) for username in usernames]
        )
        changed = [person for person in found if person.self_serve != (switch == "on")]
        for person in changed:
            person.self_serve = switch == "on"
            record(session, event, person, storage.now(), mode="cli")
    click.echo(f"Switched self-service {switch} for {_people(len(changed))}.")


def _read(file: str, country: str) -> PeopleFile:
    try:
        return read(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes(), country)
    except CsvInvalid as error:
        raise Failed(f"nothing was imported: {error}") from None
    except OSError as error:
        raise Failed(f"{file} cannot be read: {error.strerror}") from None


def _tell_bad_rows(content: PeopleFile, *, skip: bool) -> None:
    for each in content.bad:
        click.echo(f"line {each.line}: {each.reason}", err=True)
    if content.bad and not skip:
        rows = len(content.bad) + len(content.rows)
        raise Failed(
            f"nothing was imported, because {len(content.bad)} of {rows} rows are no good: "
            "correct them, or leave them out with --skip-bad-rows"
        )


@contextmanager
def _progress(rows: Sequence[Row]) -> Iterator[Iterator[Row]]:
    hidden = len(rows) < WORTH_A_BAR or not sys.stderr.isatty()
    with click.progressbar(rows, label="Importing", file=sys.stderr, hidden=hidden) as bar:
        yield iter(bar)


def _tell_counts(slug: str, counts: Counts, *, as_json: bool) -> None:
    if as_json:
        output.write_json(asdict(counts))
        return
    told = ", ".join(
        f"{getattr(counts, name)} {name}" for name in ("added", "changed", "unchanged", "skipped")
    )
    click.echo(f"Imported into {slug}: {told}.")
    if counts.not_verified:
        click.echo(
            f"Nobody can text from {counts.not_verified} of the numbers yet, as they are not "
            "verified: --trust-phones takes them as verified.",
            err=True,
        )


def _tell_languages(rows: Sequence[Row]) -> None:
    missing = sorted({row.language for row in rows if row.language and missing_texts(row.language)})
    if missing:
        click.echo(
            f"Note: some texts are not written in {', '.join(missing)} yet; "
            "those people get them in English.",
            err=True,
        )


def _described(person: Person, seal: Seal) -> dict[str, Any]:
    return {
        "username": person.username,
        "display_name": person.display_name,
        "self_serve": person.self_serve,
        "email": bool(person.email),
        "phones": [
            {
                "number": PhoneNumber(seal.unseal(phone.sealed_number).get_secret_value()).masked,
                "verified": phone.verified_at is not None,
                "opted_out": phone.opted_out_at is not None,
            }
            for phone in person.phones
        ],
    }


def _flat(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same for a table, where each fact of a phone has a column of its own."""
    facts = ("number", "verified", "opted_out")
    return [
        {name: value for name, value in row.items() if name != "phones"}
        | {fact: [phone[fact] for phone in row["phones"]] for fact in facts}
        for row in rows
    ]


def _find(session: Session, organization: Organization, username: str) -> Person:
    person = person_by_username(session, organization, username)
    if person is None:
        known = [each.username for each in people_of(session, organization)]
        raise Failed(not_among("person", username, known))
    return person


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
