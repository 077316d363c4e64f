"""`resetline people`: who may text, and from which phone."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from gateway.cli import output, storage
from gateway.cli.import_report import tell, tell_bad_rows
from gateway.cli.importing import Counts, Import, Wishes
from gateway.cli.invitations import approve_, invite_, revoke
from gateway.cli.listing import list_
from gateway.cli.shell import Failed
from gateway.cli.switching import SWITCHES
from gateway.cli.syncing import sync
from gateway.people_import import CsvInvalid, PeopleFile, Row, read
from gateway.records.audit import Event, record
from gateway.records.forgetting import forget_person
from gateway.records.invitations import InvitationEnd, end_invitations

WORTH_A_BAR: Final = 500
"""Fewer rows are done before anybody could read a progress bar."""


@click.group()
def people() -> None:
    """Who may text, and from which phone."""


for each in (list_, sync, *SWITCHES, invite_, revoke, approve_):
    people.add_command(each)


@people.command("import")
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--trust-phones", is_flag=True, help="The organization vouches for the numbers.")
@click.option("--self-serve", is_flag=True, help="All of them may reset and unlock by text.")
@click.option(
    "--replace-proved-phones", is_flag=True, help="Also numbers that people have proved themselves."
)
@click.option("--skip-bad-rows", is_flag=True, help="Leave out what is no good.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@output.as_json
def import_(
    slug: str,
    file: str,
    *,
    trust_phones: bool,
    self_serve: bool,
    replace_proved_phones: bool,
    skip_bad_rows: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import people of the organization SLUG from a CSV FILE (- for standard input).

    Its first line names the columns, in any order: username, email, phone, display_name,
    language, self_serve. Only username is required. What the file does not say stays as it is;
    another phone number takes the place of the old one, but not of one that its owner has proved.
    A bad row stops the whole import. With --skip-bad-rows it is left out, but of a row of which
    only the number is bad the person is taken without it.
    """
    wishes = Wishes(
        trust_phones=trust_phones, self_serve=self_serve, replace_proved=replace_proved_phones
    )
    with storage.open_storage() as (database, seal):
        with database.transaction() as session:
            country = storage.find_organization(session, slug).country
        content = _read(file, country)
        tell_bad_rows(content.bad, of=content.count, skip=skip_bad_rows)
        with database.transaction() as session:
            organization = storage.find_organization(session, slug)
            work = Import(session, seal, organization, wishes, storage.now())
            counts = _run(work, content)
            tell_bad_rows(work.refused, of=content.count, skip=skip_bad_rows)
            if dry_run:
                session.rollback()
    tell(slug, counts, content.usable, dry_run=dry_run, as_json=as_json)


@people.command()
@click.argument("slug")
@click.argument("username")
def remove(slug: str, username: str) -> None:
    """Remove a person with their phones. What the audit knows of them stays."""
    with storage.open_database() as database, database.transaction() as session:
        person = storage.find_person(session, storage.find_organization(session, slug), username)
        end_invitations(session, person.id, InvitationEnd.REVOKED, storage.now())
        record(session, Event.PERSON_REMOVED, person, storage.now(), mode="cli")
        gone = forget_person(session, person)
    if not gone:
        raise Failed(
            f"{username} can ask for nothing any more, but a text to them is still under way: "
            "run this again in ten minutes to remove them"
        )
    click.echo(f"Removed {username} from {slug}.")


def _run(work: Import, content: PeopleFile) -> Counts:
    work.counts.skipped = content.count - len(content.usable)
    with _progress(content.usable) as rows:
        counts = work.run(rows)
    counts.bad_numbers = len(work.refused) + len(content.usable) - len(content.rows)
    return counts


def _read(file: str, country: str) -> PeopleFile:
    try:
        return read(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes(), country)
    except CsvInvalid as error:
        raise Failed(f"nothing was imported: {error}") from None
    except OSError as error:
        raise Failed(f"{file} cannot be read: {error.strerror}") from None


@contextmanager
def _progress(rows: Sequence[Row]) -> Iterator[Iterator[Row]]:
    hidden = len(rows) < WORTH_A_BAR or not sys.stderr.isatty()
    with click.progressbar(rows, label="Importing", file=sys.stderr, hidden=hidden) as bar:
        yield iter(bar)
