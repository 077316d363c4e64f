"""Which people a command is about: those who are named, all, or those whom a filter takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from sqlalchemy.orm import Session

from gateway.cli import storage
from gateway.cli.shell import WrongUsage
from gateway.records import Organization, Person
from gateway.records.people import each_person
from gateway.records.policies import policy_of
from gateway.records.standing import Missing, Status, missing_of, status_of

Command = TypeVar("Command", bound=Callable[..., None])

status = click.option(
    "--status",
    "statuses",
    type=click.Choice([each.value for each in Status]),
    multiple=True,
    help="Repeatable.",
)
missing = click.option(
    "--missing",
    type=click.Choice([each.value for each in Missing]),
    multiple=True,
    help="Who lacks it. Repeatable: who lacks any of them.",
)
email_domain = click.option(
    "--email-domain", "domains", multiple=True, help="Such as northwind.example. Repeatable."
)


def filters(command: Command) -> Command:
    """The options that a `Filter` is made of."""
    return status(missing(email_domain(command)))


@dataclass(frozen=True, slots=True)
class Filter:
    """Takes whoever meets all of its conditions; what is empty is no condition."""

    statuses: Sequence[str] = ()
    missing: Sequence[str] = ()
    domains: Sequence[str] = ()
    self_serve: bool | None = None

    @classmethod
    def of(cls, options: dict[str, Any]) -> Filter:
        """As the options were given."""
        domains = (each.strip().removeprefix("@").casefold() for each in options["domains"])
        return cls(options["statuses"], options["missing"], tuple(domains), options.get("wanted"))

    def __bool__(self) -> bool:
        return self != Filter()

    def takes(self, person: Person, status: Status) -> bool:
        return (
            (not self.statuses or status in self.statuses)
            and (not self.missing or not set(self.missing).isdisjoint(missing_of(person)))
            and (not self.domains or _domain(person) in self.domains)
            and self.self_serve in {None, person.self_serve}
        )


def filtered(
    session: Session, organization: Organization, which: Filter
) -> Iterator[tuple[Person, Status]]:
    """Whom a filter takes, in the order of their names; never all of them in memory at once."""
    required = policy_of(session, organization).email_required
    for person in each_person(session, organization.id):
        standing = status_of(person, email_required=required)
        if which.takes(person, standing):
            yield person, standing


def chosen(
    session: Session,
    organization: Organization,
    usernames: Sequence[str],
    which: Filter,
    *,
    everybody: bool,
) -> Iterator[Person]:
    """Those who are named, else whom the filter takes. Raises WrongUsage where both are said."""
    if sum((bool(usernames), bool(which), everybody)) != 1:
        raise WrongUsage("name the people by their usernames, or give a filter, or say --all")
    if not usernames:
        return (person for person, _ in filtered(session, organization, which))
    named = [storage.find_person(session, organization, username) for username in usernames]
    return iter(dict.fromkeys(named))


def _domain(person: Person) -> str:
    return person.email.rpartition("@")[2].casefold()
