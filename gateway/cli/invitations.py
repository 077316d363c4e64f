"""`resetline people invite`, `revoke` and `approve`: the links by which people enrol."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import click
from sqlalchemy.orm import Session

from gateway.cli import choosing, output, storage
from gateway.cli.choosing import Filter, filtered
from gateway.cli.shell import Failed, WrongUsage
from gateway.engine.enrolment.approving import Approved, approve, waiting
from gateway.engine.enrolment.inviting import Invited, Left, invite, preview
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.records import Person
from gateway.records.audit import Event, record
from gateway.records.database import Database
from gateway.records.invitations import InvitationEnd, Purpose, end_invitations
from gateway.settings import MailSettings, Settings

AT_ONCE: Final = 200
"""People in one transaction: on SQLite texts wait for it."""

WORTH_A_BAR: Final = 500

WHY_NOT_APPROVED: Final = {
    Reason.NUMBER_STOPPED: "STOP was texted from their number, so have them text START first",
    Reason.NUMBER_SHARED: "their number has as many people already as the policy "
    "people_per_number allows: raise it, or have them prove another number",
    Reason.NUMBER_KEPT: "their number is theirs already",
}

WHY_LEFT: Final = {
    Left.NO_EMAIL: "has no email address",
    Left.SUSPENDED: "is suspended",
    Left.FROZEN: "is frozen",
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """Whom an operator wants to invite, and what is to be switched on with it."""

    slug: str
    usernames: Sequence[str]
    which: Filter
    again: bool
    self_serve: bool
    dry_run: bool

    @property
    def also_invited(self) -> bool:
        """Who says which status does not mean those alone who have not been written to."""
        return self.again or bool(self.which.statuses)


@click.command("invite")
@click.argument("slug")
@click.argument("usernames", nargs=-1)
@choosing.filters
@click.option("--again", is_flag=True, help="Also those who have been invited before.")
@click.option(
    "--self-serve", is_flag=True, help="Let them help themselves once they have enrolled."
)
@click.option("--dry-run", is_flag=True, help="Only say who would be written to.")
@output.as_json
def invite_(
    slug: str,
    usernames: tuple[str, ...],
    *,
    again: bool,
    self_serve: bool,
    dry_run: bool,
    as_json: bool,
    **filters: Any,
) -> None:
    """Send people of the organization SLUG the mail with which they enrol their phone.

    Without USERNAMES all who have not been invited yet and have no proved number, or those of them
    whom a filter takes; with --status also who has been invited before. Who is named gets a new
    mail in any case, and the link in an older one works no more; who has a proved number gets one
    to change it.
    """
    if not dry_run:
        storage.need_mail_server(storage.read_settings(MailSettings))
    wishes = Wishes(slug, usernames, Filter.of(filters), again, self_serve, dry_run)
    with storage.open_database() as database:
        ids = _chosen(database, wishes)
        found = _previewed(database, ids) if dry_run else _invite_all(database, wishes, ids)
    if as_json:
        output.write_json([asdict(each) for each in found])
    else:
        _tell(wishes, found)


@click.command("revoke")
@click.argument("slug")
@click.argument("usernames", nargs=-1, required=True)
def revoke(slug: str, usernames: tuple[str, ...]) -> None:
    """Let the link that was sent to people of the organization SLUG work no more."""
    now, revoked = storage.now(), 0
    with storage.open_database() as database, database.transaction() as session:
        organization = storage.find_organization(session, slug)
        for person in [storage.find_person(session, organization, name) for name in usernames]:
            if end_invitations(session, person.id, InvitationEnd.REVOKED, now):
                record(session, Event.INVITATION_REVOKED, person, now, mode="cli")
                revoked += 1
    click.echo(f"Revoked {revoked} {'link' if revoked == 1 else 'links'}.")


@click.command("approve")
@click.argument("slug")
@click.argument("username")
@click.option("--yes", is_flag=True, help="Ask nothing: you have made sure of it.")
def approve_(slug: str, username: str, *, yes: bool) -> None:
    """Attest that USERNAME of the organization SLUG is who they say, for enrol_proof=operator.

    Make sure of it first, by a call to a number that you know or in person, and compare the last
    digits of the number that they have proved. Beforehand it covers whatever number they prove
    with the link that they have.
    """
    line = storage.read_settings(Settings).our_line
    with storage.open_storage() as (database, seal):
        with database.reading() as session:
            person = _person(session, slug, username)
            seen = waiting(session, seal, person, storage.now())
        if seen is None:
            raise _not_invited(slug, username)
        what = seen.number.masked if seen.number else "whatever number they prove with their link"
        if not yes:
            _ask(f"Is it {username} who is to have {what}?")
        with _refusals_told(username), database.transaction() as session:
            person = _person(session, slug, username)
            came = approve(session, seal, person, line, storage.now(), seen=seen)
    if came not in {Approved.ENROLLED, Approved.ATTESTED}:
        raise Failed(f"{username} has another invitation or number by now: run this again")
    click.echo(f"Approved {username} for {what}.")


def _person(session: Session, slug: str, username: str) -> Person:
    return storage.find_person(session, storage.find_organization(session, slug), username)


def _not_invited(slug: str, username: str) -> Failed:
    return Failed(
        f"{username} has no invitation that works: send one with "
        f"`resetline people invite {slug} {username}`"
    )


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise Failed(f"nobody can be asked here, so say --yes once you know: {question}")
    if not click.confirm(question, err=True):
        raise Failed("nothing was approved")


@contextmanager
def _refusals_told(username: str) -> Iterator[None]:
    try:
        yield
    except StepRefused as refused:
        raise Failed(f"{username} is not approved: {WHY_NOT_APPROVED[refused.reason]}") from None


def _chosen(database: Database, wishes: Wishes) -> list[int]:
    """The ids of whom to invite, in the order of their names."""
    with database.reading() as session:
        organization = storage.find_organization(session, wishes.slug)
        if wishes.usernames and wishes.which:
            raise WrongUsage("name the people by their usernames or give a filter, but not both")
        if wishes.usernames:
            named = [
                storage.find_person(session, organization, name).id for name in wishes.usernames
            ]
            return list(dict.fromkeys(named))
        taken = filtered(session, organization, wishes.which)
        return [person.id for person, _ in taken if _is_waited_for(person, wishes)]


def _is_waited_for(person: Person, wishes: Wishes) -> bool:
    """Who is kept out, or has a number, is written to only by name."""
    is_kept_out = person.suspended_at or person.frozen_at
    has_number = any(phone.verified_at for phone in person.phones)
    is_new = wishes.also_invited or person.invited_at is None
    return is_new and not is_kept_out and not has_number


def _previewed(database: Database, ids: Sequence[int]) -> list[Invited]:
    with database.reading() as session:
        return [preview(session.get_one(Person, each)) for each in ids]


def _invite_all(database: Database, wishes: Wishes, ids: Sequence[int]) -> list[Invited]:
    found: list[Invited] = []
    with _progress(ids) as portions:
        for portion in portions:
            with database.transaction() as session:
                found += [_invite(session, wishes, each) for each in portion]
    return found


def _invite(session: Session, wishes: Wishes, person_id: int) -> Invited:
    now, person = storage.now(), session.get_one(Person, person_id)
    came = invite(session, person, now, mode="cli")
    if came.purpose and wishes.self_serve and not person.self_serve:
        person.self_serve = True
        record(session, Event.SELF_SERVE_ON, person, now, mode="cli")
    return replace(came, username=person.username)


@contextmanager
def _progress(ids: Sequence[int]) -> Iterator[Iterator[Sequence[int]]]:
    portions = [ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE)]
    hidden = len(ids) < WORTH_A_BAR or not sys.stderr.isatty()
    with click.progressbar(portions, label="Inviting", file=sys.stderr, hidden=hidden) as bar:
        yield iter(bar)


def _tell(wishes: Wishes, found: Sequence[Invited]) -> None:
    for each in found:
        if each.left:
            click.echo(f"{each.username} {WHY_LEFT[each.left]}", err=True)
        elif wishes.dry_run:
            click.echo(each.username)
    new = sum(each.purpose is Purpose.ACTIVATION for each in found)
    known = sum(each.purpose is Purpose.NEW_NUMBER for each in found)
    wrote = "Would write" if wishes.dry_run else "Wrote"
    told = f"{wrote} to {new} {'person' if new == 1 else 'people'} of {wishes.slug}"
    changing = f", and to {known} who can change their number" if known else ""
    left = sum(each.left is not None for each in found)
    click.echo(f"{told}{changing}.{f' Left out {left}.' if left else ''}")
    if not found:
        nobody = "There is nobody like that" if wishes.which else "Everybody has been invited"
        click.echo(f"{nobody}: name people, or use --again.", err=True)
