"""An answer reaches nobody, or a one-time password is never used: nothing is left as it is."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import update

from gateway.records import Mail
from gateway.records.mails import MailState
from tests.faults.row import Row, Somebody
from tests.faults.test_crowds import add_phone
from tests.installation import MSP_ADDRESS, wait_for

UNREACHABLE = 30003
HALF_AN_HOUR = 31
OF_THEIR_OWN = "Chosen-By-Themselves-1"
UNTOLD = "Northwind: your Windows password was changed"
THREE_MAILS = 3
"""That it was reset, and to the person and the MSP that this was told nobody."""

OTHERS = iter([f"+1312555{number:04}" for number in range(150, 199)])


def mailed_to(row: Row, address: str) -> list[str]:
    """The subjects of the mails that an address got, oldest first; one may just be coming in."""
    mails = zip(row.site.mailbox.mails, row.site.mailbox.seen, strict=False)
    return [str(mail["Subject"]) for mail, (_sender, to) in list(mails) if to == address]


def address(person: Somebody) -> str:
    return f"{person.username}@people.example.com"


def accepted(row: Row, person: Somebody, password: str) -> bool:
    return row.site.office.domain.accepts(person.username, password)


def password_of(row: Row, person: Somebody) -> str:
    return next(line for line in row.saw(person)[-1].splitlines() if line.count("-") == 3)


def test_the_answer_goes_to_the_other_number(row: Row) -> None:
    """The person's phone cannot be reached, and their other number gets the answer."""
    person = row.somebody(second=next(OTHERS))
    add_phone(row, person.username, person.second)
    row.site.installation.carrier.faults.undelivered(person.number, UNREACHABLE)
    row.text(person)
    row.settles()
    row.ends()
    assert row.site.installation.texts(person.number) == []
    assert len(row.site.installation.texts(person.second)) == 1


def test_no_number_can_be_reached(row: Row) -> None:
    """No number of the person's can be reached: they and the MSP get a mail, and try again."""
    person = row.somebody()
    row.site.installation.carrier.faults.undelivered(person.number, UNREACHABLE)
    row.text(person)
    row.settles("scrambled")
    wait_for(lambda: UNTOLD in mailed_to(row, address(person)))
    wait_for(lambda: any(person.username in told for told in mailed_to(row, MSP_ADDRESS)))
    row.site.installation.carrier.faults.clear()
    row.text(person)
    row.settles("scrambled", "done")
    row.ends("scrambled", "done")
    assert accepted(row, person, password_of(row, person))


def test_the_mail_server_is_away_too(row: Row) -> None:
    """Neither a phone nor the mail server can be reached: the mail comes when it is back."""
    person, before = row.somebody(), put_off(row)
    row.site.mailbox.answers["MAIL"] = ["451 4.3.0 come back later"] * THREE_MAILS
    row.site.installation.carrier.faults.undelivered(person.number, UNREACHABLE)
    row.text(person)
    row.settles("scrambled")
    wait_for(lambda: put_off(row) >= before + THREE_MAILS)
    due_now(row)
    wait_for(lambda: UNTOLD in mailed_to(row, address(person)))
    row.ends("scrambled")


def put_off(row: Row) -> int:
    return row.site.installation.logs().count("mail.not_sent")


def due_now(row: Row) -> None:
    """The mails that were put off need not be waited for."""
    now = datetime.now(UTC)
    with row.site.database.transaction() as session:
        waiting = update(Mail).where(Mail.state == MailState.WAITING)
        session.execute(waiting.values(ring_at=now, lease_until=None))


def test_a_one_time_password_is_not_used(row: Row) -> None:
    """A one-time password is not used for half an hour: it stops working, and that is told."""
    person = row.somebody()
    row.text(person)
    row.settles()
    password = password_of(row, person)
    row.site.age([person.username], minutes=HALF_AN_HOUR)
    row.settles("scrambled")
    wait_for(lambda: "no longer works" in row.saw(person)[-1])
    assert not accepted(row, person, password)
    row.ends("scrambled")


def test_a_one_time_password_is_used(row: Row) -> None:
    """A one-time password is used: half an hour later nothing happens."""
    person = row.somebody()
    row.text(person)
    row.settles()
    domain = row.site.office.domain
    domain.change_password(person.username, password_of(row, person), OF_THEIR_OWN)
    row.site.age([person.username], minutes=HALF_AN_HOUR)
    row.settles("used")
    row.ends("used")
    assert accepted(row, person, OF_THEIR_OWN)
    assert len(row.saw(person)) == 1


def test_the_help_desk_was_quicker(row: Row) -> None:
    """The help desk sets another password, to be changed as well: it is left alone."""
    person = row.somebody()
    row.text(person)
    row.settles()
    row.site.office.domain.set_password(person.username, OF_THEIR_OWN, must_change=True)
    row.site.age([person.username], minutes=HALF_AN_HOUR)
    row.settles("used")
    row.ends("used")
    assert accepted(row, person, OF_THEIR_OWN)


def test_the_directory_is_away_when_a_password_is_to_be_made_useless(row: Row) -> None:
    """The directory is away when an unused password is to be made useless: it is done later."""
    person = row.somebody()
    row.text(person)
    row.settles()
    password, server = password_of(row, person), row.site.office.server
    server.faults.refuse_connections()
    row.site.age([person.username], minutes=HALF_AN_HOUR)
    wait_for(lambda: "one_time.put_off" in row.site.installation.logs())
    assert accepted(row, person, password)
    server.faults.clear()
    row.site.age([person.username], minutes=6)
    row.settles("scrambled")
    row.ends("scrambled")
    assert not accepted(row, person, password)
