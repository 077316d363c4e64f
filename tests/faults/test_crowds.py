"""Many at once, the same thing again and again, strangers and a row that nobody can work on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from pydantic import SecretStr
from sqlalchemy import func, select

from gateway.records import InboundMessage, Person, Phone, Request
from gateway.seal import Seal
from simulator.active_directory import Kind
from simulator.twilio.message import new_sid
from tests.faults.row import Row
from tests.faults.site import column_names
from tests.installation import wait_for

SECOND_NUMBER = "+13035550142"
FORGERIES = 300


def test_a_hundred_deliveries_of_one_text(row: Row) -> None:
    """One text is delivered a hundred times at once."""
    person, sid = row.somebody(), new_sid()
    row.site.office.server.forget_operations()
    with ThreadPoolExecutor(16) as at_once:
        answers = set(at_once.map(lambda _: row.post(person, sid=sid), range(100)))
    assert answers == {200}
    row.ends()
    assert len(row.states(person)) == len(row.saw(person)) == 1
    assert row.site.office.server.count(Kind.MODIFY) == 1


def test_an_old_text_is_played_back(row: Row) -> None:
    """A signed text of yesterday is played back."""
    person, sid = row.somebody(), new_sid()
    assert row.post(person, sid=sid) == 200
    row.settles()
    row.site.age([person.username], hours=25)
    assert row.post(person, sid=sid) == 200
    row.ends()
    assert len(row.states(person)) == len(row.saw(person)) == 1


def test_two_texts_of_one_person_at_once(row: Row) -> None:
    """One person sends RESET ten times at once, each a text of its own."""
    person = row.somebody()
    row.site.installation.worker.kill()
    with ThreadPoolExecutor(8) as at_once:
        assert set(at_once.map(lambda _: row.post(person), range(10))) == {200}
    row.ends()
    assert len(row.states(person)) == len(row.saw(person)) == 1


def test_two_phones_of_one_account_at_once(row: Row) -> None:
    """Two phones of one account text RESET at the same time."""
    person = row.somebody(second=SECOND_NUMBER)
    add_phone(row, person.username, SECOND_NUMBER)
    row.site.installation.worker.kill()
    with ThreadPoolExecutor(2) as at_once:
        numbers = (person.number, SECOND_NUMBER)
        answers = at_once.map(lambda number: row.post(person, number=number), numbers)
        assert set(answers) == {200}
    row.ends()
    assert len(row.states(person)) == 1
    assert sum("one-time password" in text for text in row.saw(person)) == 1


def add_phone(row: Row, username: str, number: str) -> None:
    seal = Seal([SecretStr(row.site.installation.secret_key)])
    with row.site.database.transaction() as session:
        person = session.scalars(select(Person).where(Person.username_key == username)).one()
        first = session.scalars(select(Phone).where(Phone.person_id == person.id)).one()
        values = {c: getattr(first, c) for c in column_names(first) if c != "id"}
        values |= {
            "sealed_number": seal.seal(SecretStr(number)),
            "number_index": seal.index(number),
        }
        session.add(Phone(**values))


def test_another_wish_while_the_first_is_under_way(row: Row) -> None:
    """Somebody texts RESET and at once UNLOCK."""
    person, server = row.somebody(), row.site.office.server
    server.faults.drip(octets=20, pause_seconds=0.02)
    row.text(person, "RESET")
    row.text(person, "UNLOCK")
    row.ends()
    assert len(row.states(person)) in {1, 2}


def test_a_flood_of_forgeries(row: Row) -> None:
    """Three hundred texts come with a forged signature: each is turned away, nothing is kept."""
    person, before = row.somebody(), counted(row)
    form = row.site.webhook(new_sid(), person.number, "RESET")
    with ThreadPoolExecutor(8) as at_once:
        forged = at_once.map(
            lambda n: row.site.post("/twilio/sms", form, signed=f"forged{n}="), range(FORGERIES)
        )
        assert set(forged) == {403}
    assert counted(row) == before
    row.text(person)
    row.ends()
    assert len(row.states(person)) == 1


def counted(row: Row) -> list[int]:
    tables = (InboundMessage, Request)
    with row.site.database.transaction() as session:
        return [session.scalar(select(func.count()).select_from(each)) or 0 for each in tables]


def test_a_row_that_nobody_can_work_on(row: Row) -> None:
    """A request cannot be worked on (its number was sealed with a lost key): others go on."""
    person, other = row.somebody(), row.somebody()
    row.people.remove(person)
    with row.site.database.transaction() as session:
        poisoned = session.scalars(
            select(Phone).join(Person).where(Person.username_key == person.username)
        ).one()
        good, poisoned.sealed_number = poisoned.sealed_number, "gAAAAA"
    row.text(person)
    wait_for(lambda: "job.failed" in row.site.installation.logs())
    row.text(other)
    row.settles()
    with row.site.database.transaction() as session:
        session.get_one(Phone, poisoned.id).sealed_number = good
    row.people.append(person)
    row.site.age([person.username], seconds=31)
    row.ends()
