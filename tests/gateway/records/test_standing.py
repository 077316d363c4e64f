"""How far somebody has come: one table, and a thousand people read page by page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from gateway.records import Organization, Person, Phone
from gateway.records.people import PAGE, each_person
from gateway.records.standing import Missing, Status, missing_of, status_of
from tests.world import World

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Has:
    """What is known of somebody; phones are `v`erified, `o`pted out, or about to be `f`orgotten."""

    email: bool = True
    phones: tuple[str, ...] = ("v",)
    marks: frozenset[str] = field(default_factory=frozenset)

    def person(self) -> Person:
        times = dict.fromkeys(self.marks, NOW)
        email = "mia@example.com" if self.email else ""
        return Person(email=email, phones=[_phone(each) for each in self.phones], **times)


def _phone(signs: str) -> Phone:
    names = {"v": "verified_at", "o": "opted_out_at", "f": "forget_at"}
    return Phone(**{names[sign]: NOW for sign in signs})


def marked(*names: str) -> frozenset[str]:
    return frozenset(names)


INVITED, USED = marked("invited_at"), marked("invited_at", "used_at")


@pytest.mark.parametrize(
    ("has", "status"),
    [
        (Has(email=False, phones=()), "imported"),
        (Has(phones=()), "imported"),
        (Has(phones=("",)), "imported"),
        (Has(email=False), "imported"),
        (Has(phones=(), marks=INVITED), "invited"),
        (Has(phones=("f",), marks=INVITED), "invited"),
        (Has(email=False, marks=INVITED), "invited"),
        (Has(), "registered"),
        (Has(marks=INVITED), "registered"),
        (Has(phones=("", "v"), marks=INVITED), "registered"),
        (Has(marks=USED), "active"),
        (Has(phones=(), marks=USED), "invited"),
        (Has(email=False, marks=USED), "invited"),
        (Has(phones=("vo",)), "opted_out"),
        (Has(phones=("vo",), marks=USED), "opted_out"),
        (Has(phones=("o",), marks=INVITED), "opted_out"),
        (Has(phones=("vo", "")), "opted_out"),
        (Has(phones=("vo", "v")), "registered"),
        (Has(phones=("of", "v")), "registered"),
        (Has(phones=("of",), marks=INVITED), "invited"),
        (Has(marks=marked("frozen_at")), "frozen"),
        (Has(phones=("vo",), marks=marked("frozen_at")), "frozen"),
        (Has(email=False, phones=(), marks=marked("frozen_at")), "frozen"),
        (Has(marks=marked("suspended_at")), "suspended"),
        (Has(phones=("vo",), marks=marked("suspended_at", "frozen_at", "used_at")), "suspended"),
    ],
)
def test_where_somebody_stands(has: Has, status: str) -> None:
    assert status_of(has.person(), email_required=True) == status


@pytest.mark.parametrize(("marks", "status"), [((), "registered"), (USED, "active")])
def test_an_email_is_not_waited_for_where_none_is_required(
    marks: frozenset[str], status: str
) -> None:
    person = Has(email=False, marks=frozenset(marks)).person()
    assert status_of(person, email_required=False) == status
    assert missing_of(person) == (Missing.EMAIL,)


@pytest.mark.parametrize(
    ("has", "missing"),
    [
        (Has(), ()),
        (Has(email=False), ("email",)),
        (Has(phones=()), ("phone",)),
        (Has(phones=("",)), ("phone",)),
        (Has(email=False, phones=("f",)), ("email", "phone")),
    ],
)
def test_what_somebody_lacks(has: Has, missing: tuple[str, ...]) -> None:
    assert missing_of(has.person()) == missing


def test_a_stop_shows_and_a_start_takes_it_back(world: World) -> None:
    seen = []
    for word in ("RESET", "STOP", "START"):
        world.text(word)
        world.work()
        with world.database.transaction() as session:
            mia = session.scalars(select(Person).where(Person.username_key == "mia.keller")).one()
            seen.append(status_of(mia, email_required=True))
    assert seen == [Status.ACTIVE, Status.OPTED_OUT, Status.ACTIVE]


def test_everybody_is_read_in_order_and_no_more_than_a_page_at_once(world_anywhere: World) -> None:
    count = 2 * PAGE + 1
    with world_anywhere.database.transaction() as session:
        organization = session.scalars(select(Organization)).one()
        names = [f"person{at:04}" for at in range(count)]
        session.add_all(
            Person(
                tenant_id=organization.tenant_id,
                organization_id=organization.id,
                username=name.title(),
                username_key=name,
                created_at=world_anywhere.clock(),
            )
            for name in names
        )
    with world_anywhere.database.reading() as session:
        organization = session.scalars(select(Organization)).one()
        read, most = [], 0
        for person in each_person(session, organization.id):
            read.append(person.username_key)
            most = max(most, sum(isinstance(each, Person) for each in session))
    assert read == sorted([*names, "mia.keller", "sam.ortiz"])
    assert most <= 2 * PAGE
