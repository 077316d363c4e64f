"""Nina has been invited and holds a link; Mia is enrolled; the clock moves when it is told to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import select, update

from gateway.engine.enrolment.inviting import Invited, invite
from gateway.engine.enrolment.numbers import Wish
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step
from gateway.records import AuditEvent, Base, Invitation, Mail, Organization, Person, Phone
from gateway.records.audit import Event
from gateway.records.policies import set_value
from tests.world import World

NINA = "+14155550177"
OTHER = "+14155550178"
WISH = Wish("(415) 555-0177", "US", agrees=True, wording="2026-11", address="192.0.2.7")


@dataclass
class Newcomer:
    """Nina, who has an account and an email, and is invited by `invited`."""

    world: World
    username: str = "nina.alvarez"
    number: str = NINA
    token: str = field(default="", init=False)

    def invited(self) -> str:
        """The token of the newest link that was mailed to her."""
        with self.world.database.transaction() as session:
            came = invite(session, self.person(session), self.world.clock(), mode="cli")
        assert came.purpose, came
        return self.newest_link()

    def invite(self) -> Invited:
        with self.world.database.transaction() as session:
            return invite(session, self.person(session), self.world.clock(), mode="cli")

    def newest_link(self) -> str:
        with self.world.database.reading() as session:
            wanted = select(Mail.invitation_id).where(Mail.invitation_id.is_not(None))
            newest = session.scalars(wanted.order_by(Mail.id.desc())).first()
        url = newest and self.world.link(newest)
        assert url
        self.token = url.rpartition("/")[2]
        return self.token

    def person(self, session: object) -> Person:
        wanted = select(Person).where(Person.username_key == self.username)
        found: Person = session.scalars(wanted).one()  # type: ignore[attr-defined]
        return found

    def asks_for_a_code(self, number: str = NINA, country: str = "US") -> None:
        wish = replace(WISH, number=number, country=country)
        self.world.enrolment.proving.begin(self.token, wish)
        self.world.work()

    def codes(self, number: str = NINA) -> list[str]:
        """Those that were texted to a number, oldest first."""
        return [found for text in self.world.texts(number) if (found := code_in(text))]

    def types(self, code: str) -> None:
        self.world.enrolment.proving.check(self.token, code)

    def enrols(self, number: str = NINA) -> None:
        self.invited()
        self.asks_for_a_code(number)
        self.types(self.codes(number)[-1])
        self.world.work()

    @property
    def step(self) -> Step:
        return self.world.enrolment.visits.open(self.token).step

    def refused(self, number: str = NINA, country: str = "US") -> StepRefused:
        with pytest.raises(StepRefused) as refused:
            self.asks_for_a_code(number, country)
        return refused.value

    def refused_code(self, code: str) -> StepRefused:
        with pytest.raises(StepRefused) as refused:
            self.types(code)
        return refused.value

    def is_dead(self, token: str | None = None) -> bool:
        try:
            self.world.enrolment.visits.open(self.token if token is None else token)
        except StepRefused as refused:
            return refused.reason is Reason.LINK_DEAD
        return False

    def verified(self) -> list[str]:
        """The numbers that texts may come from as hers, by who vouches."""
        with self.world.database.reading() as session:
            phones = session.scalars(
                select(Phone)
                .join(Person)
                .where(Person.username_key == self.username, Phone.verified_at.is_not(None))
            )
            return [phone.verified_by for phone in phones]

    def changed(self, **values: object) -> None:
        with self.world.database.transaction() as session:
            wanted = Person.username_key == self.username
            session.execute(update(Person).where(wanted).values(values))


def code_in(text: str) -> str:
    found = re.search(r"\b(\d{6}) is your code", text)
    return found[1] if found else ""


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def rows(world: World, model: type[Base]) -> list[Base]:
    with world.database.reading() as session:
        return list(session.scalars(select(model)))


def invitations(world: World) -> list[Invitation]:
    with world.database.reading() as session:
        return list(session.scalars(select(Invitation).order_by(Invitation.id)))


def events(world: World, event: Event) -> list[AuditEvent]:
    with world.database.reading() as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.event == event)))


def mails(world: World, template: str) -> list[Mail]:
    with world.database.reading() as session:
        return list(session.scalars(select(Mail).where(Mail.template == template)))


def policy(world: World, **values: str) -> None:
    """Set policies of Northwind, as an operator would."""
    with world.database.transaction() as session:
        organization = session.scalars(select(Organization)).one()
        for name, value in values.items():
            set_value(session, organization, name, value, world.clock())


def add_person(world: World, username: str) -> Newcomer:
    with world.database.transaction() as session:
        organization = session.scalars(select(Organization)).one()
        session.add(
            Person(
                tenant_id=organization.tenant_id,
                organization_id=organization.id,
                username=username,
                username_key=username,
                display_name=username.replace(".", " ").title(),
                email=f"{username}@northwind.example",
                self_serve=True,
                created_at=world.clock(),
            )
        )
    return Newcomer(world, username)


@pytest.fixture
def nina(world: World) -> Newcomer:
    """Who has an account and an email, and no number yet."""
    return add_person(world, "nina.alvarez")


@pytest.fixture
def everywhere(world_anywhere: World) -> Newcomer:
    """The same, on SQLite and on PostgreSQL."""
    return add_person(world_anywhere, "nina.alvarez")


@pytest.fixture
def mia(world: World) -> Newcomer:
    """Enrolled by import, from another phone."""
    newcomer = Newcomer(world, "mia.keller")
    newcomer.changed(email="mia.keller@northwind.example")
    return newcomer
