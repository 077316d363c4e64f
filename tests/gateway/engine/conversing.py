"""What tests of a conversation say and read: words, passwords, policies and reports."""

from __future__ import annotations

from sqlalchemy import select

from gateway.engine.deliveries import Report
from gateway.policy import Scope
from gateway.records import AuditEvent, Organization, Person, Phone
from gateway.records.policies import set_value
from tests.fakes import SentText
from tests.told import word_in
from tests.world import MIA, World


def decide(world: World, name: str, value: str, scope: Scope = Scope.ORGANIZATION) -> None:
    """Set a policy for the tenant, or for Northwind."""
    with world.database.transaction() as session:
        organization = session.scalars(select(Organization).order_by(Organization.id)).first()
        assert organization
        holder = organization.tenant if scope is Scope.TENANT else organization
        set_value(session, holder, name, value, world.clock())


def password_in(text: str) -> str:
    """The password stands alone on a line of its own."""
    return next(line for line in text.splitlines() if "-" in line and " " not in line)


def answer(world: World, body: str, number: str = MIA) -> str:
    """The last text after this one was worked on."""
    world.text(body, number)
    world.work()
    return world.texts(number)[-1]


def asked(world: World, body: str = "RESET", number: str = MIA) -> str:
    """Somebody asks for a reset; the word that they are texted."""
    return word_in(answer(world, body, number))


def report(world: World, text: SentText, status: str, code: int | None = None) -> None:
    """The carrier tells what became of a text."""
    world.deliveries.report(Report(text.sid, status, code, text.message_id))


def events(world: World) -> list[str]:
    """Everything that was audited, in order."""
    with world.database.transaction() as session:
        return list(session.scalars(select(AuditEvent.event).order_by(AuditEvent.id)))


def limits_reached(world: World) -> list[str]:
    """The names of the limits that were audited as reached, in order."""
    with world.database.transaction() as session:
        told = select(AuditEvent.reason).where(AuditEvent.event == "limit:reached")
        return list(session.scalars(told.order_by(AuditEvent.id)))


def people(world: World) -> dict[str, Person]:
    """By their user names."""
    with world.database.transaction() as session:
        return {each.username: each for each in session.scalars(select(Person))}


def share_phone(world: World, username: str, number: str = MIA) -> None:
    """One more of the people is reached by this number."""
    with world.database.transaction() as session:
        person = session.scalars(select(Person).where(Person.username == username)).one()
        other = session.scalars(
            select(Phone).where(Phone.number_index == world.seal.index(number))
        ).first()
        assert other
        session.add(
            Phone(
                tenant_id=person.tenant_id,
                person_id=person.id,
                sealed_number=other.sealed_number,
                number_index=other.number_index,
                verified_at=world.clock(),
                verified_by="import",
                created_at=world.clock(),
            )
        )
