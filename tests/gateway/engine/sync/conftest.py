"""An office whose directory says whatever a test wants, and the records that follow it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import event, select
from sqlalchemy.orm import selectinload

from directory.errors import Refusal
from directory.people import DirectoryPerson, Listed
from gateway.engine.sync.report import Report
from gateway.engine.sync.syncing import LEASE, Task
from gateway.engine.sync.wishes import Wishes
from gateway.phones import PhoneNumber
from gateway.records import AuditEvent, Invitation, Organization, Person, Phone, Sync
from gateway.records.syncs import sync_of, take_sync
from tests.world import World

CREATED = datetime(2026, 3, 1, tzinfo=UTC)
BOOKKEEPING = ("syncs", "audit_events")


def account(username: str, *, guid: UUID | None = None, **facts: Any) -> DirectoryPerson:
    """An account in good order, whose id hangs on its first name unless one is given."""
    told: dict[str, Any] = {
        "principal_name": f"{username}@northwind.example",
        "display_name": username.title(),
        "email": "",
        "phones": (),
        "language": "",
        "country": "",
        "inactive": None,
        "ineligible": None,
    }
    return DirectoryPerson(guid or uuid4(), username, **(told | facts))


def disabled(entry: Listed) -> DirectoryPerson:
    return changed(entry, inactive=Refusal.DISABLED)


def changed(entry: Listed, **facts: Any) -> DirectoryPerson:
    assert isinstance(entry, DirectoryPerson)
    names = DirectoryPerson.__dataclass_fields__
    return DirectoryPerson(**{name: getattr(entry, name) for name in names} | facts)


class Office:
    """Northwind: Mia and Sam were imported before, each with a verified number."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.database = world.database
        self.directory = world.directory

    def lists(self, *entries: Any) -> None:
        self.directory.listing = list(entries)

    def task(self, **wishes: Any) -> Task:
        """Held, with these wishes kept."""
        with self.database.transaction() as session:
            organization = session.scalars(select(Organization)).one()
            row = sync_of(session, organization)
            if row is None:
                row = Sync(tenant_id=1, organization=organization, created_at=CREATED)
                session.add(row)
            row.options = Wishes(**wishes).options
            session.flush()
            held = take_sync(session, row.id, self.world.clock(), LEASE)
            assert held is not None
            return Task.of(held)

    def sync(self, *, allows_many: bool = False, **wishes: Any) -> Report:
        return self.world.syncing.carry_out(
            self.task(**wishes), mode="cli", allows_many_suspensions=allows_many
        )

    def look(self, **wishes: Any) -> Report:
        with self.database.reading() as session:
            task = Task.unheld(session.scalars(select(Organization)).one(), Wishes(**wishes))
        return self.world.syncing.look(task)

    def people(self) -> dict[str, Person]:
        with self.database.reading() as session:
            found = session.scalars(
                select(Person).order_by(Person.id).options(selectinload(Person.phones))
            ).all()
        return {person.username: person for person in found}

    def person(self, username: str) -> Person:
        return self.people()[username]

    def numbers(self, username: str) -> list[tuple[str, str]]:
        """Each number with who vouches for it; nobody is empty."""
        return [
            (self.number(phone), phone.verified_by if phone.verified_at else "")
            for phone in self.person(username).phones
        ]

    def number(self, phone: Phone) -> str:
        return self.world.seal.unseal(phone.sealed_number).get_secret_value()

    def give(self, username: str, number: str, verified_by: str = "", **columns: Any) -> None:
        """A number that came to somebody in another way than from the directory."""
        now = self.world.clock()
        with self.database.transaction() as session:
            person = session.scalars(select(Person).where(Person.username == username)).one()
            phone = Phone(
                tenant_id=1,
                sealed_number=self.world.seal.seal(SecretStr(number)),
                number_index=self.world.seal.index(PhoneNumber(number).e164),
                verified_at=now if verified_by else None,
                verified_by=verified_by,
                created_at=now,
                **columns,
            )
            person.phones.append(phone)

    def set(self, username: str, /, **columns: Any) -> None:
        with self.database.transaction() as session:
            person = session.scalars(select(Person).where(Person.username == username)).one()
            for name, value in columns.items():
                setattr(person, name, value)

    def forget_everybody(self) -> None:
        with self.database.transaction() as session:
            for person in session.scalars(select(Person)):
                session.delete(person)

    def invite(self, username: str) -> None:
        with self.database.transaction() as session:
            person = session.scalars(select(Person).where(Person.username == username)).one()
            session.add(
                Invitation(
                    tenant_id=1,
                    organization_id=person.organization_id,
                    person_id=person.id,
                    purpose="activation",
                    nonce=uuid4().hex,
                    created_at=CREATED,
                    expires_at=CREATED,
                )
            )

    def invitations(self) -> list[str]:
        """How each has ended; empty for one that is alive."""
        with self.database.reading() as session:
            return list(session.scalars(select(Invitation.ended_for).order_by(Invitation.id)))

    def events(self, *, about_people: bool = True) -> list[str]:
        """What was audited, oldest first."""
        wanted = select(AuditEvent.event).order_by(AuditEvent.id)
        with self.database.reading() as session:
            found = list(session.scalars(wanted))
        return [each for each in found if about_people or not each.startswith("person:")]

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """Every statement that writes, but for the books of the run itself."""
        written: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            words = statement.split()
            table = words[1] if words[0] == "UPDATE" else words[2] if len(words) > 2 else ""
            if words[0] in {"INSERT", "UPDATE", "DELETE"} and table not in BOOKKEEPING:
                written.append(statement)

        event.listen(self.database.engine, "before_cursor_execute", note)
        try:
            yield written
        finally:
            event.remove(self.database.engine, "before_cursor_execute", note)


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


@pytest.fixture
def office_anywhere(world_anywhere: World) -> Office:
    """The same, once on SQLite and once on PostgreSQL."""
    return Office(world_anywhere)


def usernames(office: Office) -> Sequence[str]:
    return list(office.people())
