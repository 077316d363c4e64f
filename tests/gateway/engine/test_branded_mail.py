"""Mails look like whose they are, tell links that nobody keeps, and leave word where they fail."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from gateway.engine.composing import Composer
from gateway.engine.mailing import Mailing, write
from gateway.engine.notices import (
    InvitationMail,
    Terms,
    approval_waits,
    invited,
    number_is_theirs,
    number_was_changed,
)
from gateway.mail import Letter, MailLater, MailRefused
from gateway.mail.addresses import sender
from gateway.mail.servers import MailServer
from gateway.mail.smtp import SmtpMailer
from gateway.mail.wording import NEEDS_LINK, Wording
from gateway.phones import PhoneNumber
from gateway.pictures import redrawn
from gateway.records import AuditEvent, Logo, Mail, Organization, Person, Tenant
from gateway.records.mails import MailState
from gateway.records.policies import set_value
from gateway.templating import FactsWrong
from tests.mail_server import Mailbox, mail_server
from tests.pictures import logo
from tests.world import MIA as MIAS_PHONE
from tests.world import World

MIA = "mia.keller@northwind.example"
LINK = "https://reset.example.com/activate/SECRET-TOKEN-4711"
IN_A_WEEK = 7 * 24 * 3600


@pytest.fixture
def world(world: World) -> World:
    """With an address for Mia, and her invitation number 7."""
    with world.database.transaction() as session:
        mia(session.scalars(select(Person))).email = MIA
    world.made_up_links[7] = {"link": LINK}
    return world


def mia(people: object) -> Person:
    found: Person = next(each for each in people if each.username == "mia.keller")  # type: ignore[attr-defined]  # whatever iterates
    return found


def invite(
    world: World, kind: InvitationMail = InvitationMail.FIRST, invitation_id: int = 7
) -> None:
    with world.database.transaction() as session:
        person = mia(session.scalars(select(Person)))
        terms = Terms(expires_at=world.clock())
        invited(session, person, kind, 7, terms, world.clock())


def problem(world: World) -> str:
    with world.database.transaction() as session:
        return mia(session.scalars(select(Person))).mail_problem


def brand(world: World) -> None:
    picture = redrawn(logo())
    with world.database.transaction() as session:
        session.add(
            Logo(
                digest=picture.digest,
                media_type="image/png",
                width=picture.width,
                height=picture.height,
                content=picture.content,
                created_at=world.clock(),
            )
        )
        session.flush()
        tenant = session.scalars(select(Tenant)).one()
        tenant.mail_from = "Example MSP <help@msp.example>"
        tenant.support = "+1 415 555 0177"
        organization = session.scalars(select(Organization)).one()
        organization.color = "#ffdd00"
        organization.logo_id = session.scalars(select(Logo.id)).one()


def only(world: World) -> Letter:
    [letter] = world.mailer.sent
    return letter


@pytest.mark.parametrize("kind", InvitationMail)
def test_a_link_is_made_when_the_mail_is_sent_and_kept_nowhere(
    world: World, kind: InvitationMail
) -> None:
    world.mailer.faults = [(MailLater("put_off", 450), False)]
    with capture_logs() as logs:
        invite(world, kind)
        world.settle(300)
    letter = only(world)
    assert letter.html is not None
    assert LINK in letter.body.get_secret_value()
    assert LINK in letter.html.get_secret_value()
    columns = [column.name for column in Mail.__table__.c]
    rows = [{name: getattr(mail, name) for name in columns} for mail in world.mails()]
    with world.database.transaction() as session:
        rows += [vars(event) for event in session.scalars(select(AuditEvent))]
    assert logs
    assert "SECRET" not in repr(logs) + repr(rows) + repr(letter)
    assert MIA not in repr(letter)


def test_a_link_is_not_in_the_database_while_its_mail_waits(world: World) -> None:
    invite(world)
    [mail] = world.mails()
    assert mail.invitation_id == 7
    assert mail.facts == {
        "display_name": "",
        "username": "mia.keller",
        "expires": "2 Mar 2026 09:00 UTC",
        "asks_password": False,
    }


def test_a_mail_whose_link_is_dead_is_given_up_quietly(world: World) -> None:
    """A newer one is on its way, or none is wanted any more."""
    invite(world)
    world.made_up_links.clear()
    with capture_logs() as logs:
        world.settle(5)
    assert world.mailer.sent == []
    [mail] = world.mails()
    assert (mail.state, mail.error) == (MailState.FAILED, "link_dead")
    assert [log["log_level"] for log in logs if log["event"] == "mail.failed"] == ["info"]
    assert problem(world) == ""


@pytest.mark.parametrize("template", sorted(NEEDS_LINK))
def test_a_link_cannot_be_given_as_a_fact(world: World, template: str) -> None:
    with world.database.transaction() as session:
        person = mia(session.scalars(select(Person)))
        with pytest.raises(FactsWrong):
            write(session, person, template, {"link": LINK}, now=world.clock(), invitation_id=7)
        with pytest.raises(FactsWrong):
            write(session, person, template, {}, now=world.clock())
        with pytest.raises(FactsWrong):
            write(session, person, "test", {}, now=world.clock(), invitation_id=7)
        session.rollback()


def test_a_mail_looks_like_the_organizations_at_the_moment_of_sending(world: World) -> None:
    invite(world)
    brand(world)
    world.settle(5)
    letter = only(world)
    assert str(letter.sender) == "Example MSP <help@msp.example>"
    assert letter.logo is not None
    html = letter.html.get_secret_value() if letter.html else ""
    assert f'src="{letter.logo.src}"' in html
    assert 'bgcolor="#ffdd00"' in html
    assert "tel:+14155550177" in html
    assert "Example MSP looks after the computers at Northwind." in letter.body.get_secret_value()


def test_a_phone_that_was_set_up_or_changed_is_announced(world: World) -> None:
    with world.database.transaction() as session:
        person = mia(session.scalars(select(Person)))
        person.display_name = "Mia Keller"
        number = PhoneNumber(MIAS_PHONE)
        number_is_theirs(session, person, number, "+14155550100", world.clock())
        number_was_changed(session, person, number, 24, world.clock())
    world.settle(5)
    first, second = (letter.body.get_secret_value() for letter in world.mailer.sent)
    assert "Hello Mia Keller,\n\nYour mobile number +1***0111 is set up" in first
    assert "text one of these words to +1 415-555-0100:" in first
    assert "is now +1***0111." in second
    assert "for the next 24 hours" in second
    assert MIAS_PHONE not in repr([mail.facts for mail in world.mails()]) + first + second


@pytest.mark.parametrize(
    ("policies", "hours", "told"),
    [
        ({}, 1, "for the next hour. UNLOCK and STATUS work at once."),
        ({}, 24, "for the next 24 hours. UNLOCK and STATUS work at once."),
        ({"unlock_by_sms": "off"}, 24, "for the next 24 hours. STATUS works at once."),
        ({"reset_by_sms": "off"}, 24, "The number before it works no more.\n\nIf it was not"),
        ({"self_serve": "off"}, 24, "The number before it works no more.\n\nIf it was not"),
    ],
)
def test_of_a_changed_number_only_what_is_true_is_said(
    world: World, policies: dict[str, str], hours: int, told: str
) -> None:
    with world.database.transaction() as session:
        organization = session.scalars(select(Organization)).one()
        for name, value in policies.items():
            set_value(session, organization, name, value, world.clock())
        person = mia(session.scalars(select(Person)))
        number_was_changed(session, person, PhoneNumber(MIAS_PHONE), hours, world.clock())
    world.settle(5)
    assert told in only(world).body.get_secret_value()


def test_the_msp_is_asked_to_attest_a_number(world: World) -> None:
    with world.database.transaction() as session:
        session.scalars(select(Tenant)).one().alert_email = "alerts@msp.example"
        person = mia(session.scalars(select(Person)))
        approval_waits(session, person, PhoneNumber(MIAS_PHONE), world.clock())
    world.settle(5)
    letter = only(world)
    assert letter.to.whole == "alerts@msp.example"
    assert "Account: mia.keller\nNumber: +1***0111\n" in letter.body.get_secret_value()


def test_a_mail_that_the_version_before_has_written_is_sent_without_the_number(
    world: World,
) -> None:
    with world.database.transaction() as session:
        organization = session.scalars(select(Organization)).one()
        organization.alert_email = "alerts@msp.example"
        write(
            session,
            organization,
            "approval_waits_msp",
            {"username": "mia.keller"},
            now=world.clock(),
        )
    world.settle(5)
    assert "Number:" not in only(world).body.get_secret_value()


def test_a_lasting_refusal_is_kept_with_the_person_until_a_mail_is_taken(world: World) -> None:
    world.mailer.faults = [(MailRefused("refused", 550), False)]
    invite(world)
    world.settle(5)
    assert problem(world) == "refused_550"
    invite(world)
    world.settle(5)
    assert problem(world) == ""


def test_a_refusal_for_now_is_held_against_nobody_until_the_mail_is_given_up(world: World) -> None:
    world.mailer.faults = [(MailLater("put_off", 450), False)] * 1000
    invite(world)
    world.settle(23 * 3600, step=1800)
    assert problem(world) == ""
    world.settle(2 * 3600, step=1800)
    assert world.mails()[0].error == problem(world) == "expired_put_off_450"


def test_a_person_whose_mail_no_server_was_there_for_is_seen_to_have_got_none(world: World) -> None:
    world.mailing = Mailing(
        world.database, None, world.clock, Composer(Wording(), world.link_facts)
    )
    invite(world)
    world.settle(5)
    assert problem(world) == "no_smtp"


@pytest.mark.parametrize("address", ["", "not an address"])
def test_a_person_without_a_usable_address_is_known_to_have_none(
    world: World, address: str
) -> None:
    with world.database.transaction() as session:
        mia(session.scalars(select(Person))).email = address
    invite(world)
    world.settle(5)
    assert problem(world) == "no_address"


def test_another_address_begins_anew(world: World) -> None:
    world.mailer.faults = [(MailRefused("refused", 550), False)]
    invite(world)
    world.settle(5)
    with world.database.transaction() as session:
        mia(session.scalars(select(Person))).email = MIA
    assert problem(world) == "refused_550"
    with world.database.transaction() as session:
        mia(session.scalars(select(Person))).email = "mia@new.example"
    assert problem(world) == ""


def test_what_is_wrong_with_the_msps_address_is_no_persons_fault(world: World) -> None:
    with world.database.transaction() as session:
        organization = session.scalars(select(Organization)).one()
        organization.alert_email = "alerts@msp.example"
        facts = {"username": "mia.keller", "request": "7", "when": "now", "reason": "30003"}
        write(session, organization, "password_untold_msp", facts, now=world.clock())
    world.mailer.faults = [(MailRefused("refused", 550), False)]
    world.settle(5)
    assert world.mails()[0].error == "refused_550"
    assert problem(world) == ""


@pytest.fixture
def box(world: World) -> Iterator[Mailbox]:
    """A real mail server that our mail goes to from now on."""
    with mail_server() as box:
        server = MailServer.parse(f"smtp://127.0.0.1:{box.port}")
        real = SmtpMailer(server, sender("resetline@reset.example.com"))
        composer = Composer(Wording(), world.made_up_links.get)
        world.mailing = Mailing(world.database, real, world.clock, composer)
        yield box


def parts(mail: EmailMessage) -> dict[str, EmailMessage]:
    return {each.get_content_type(): each for each in mail.walk()}


def test_a_real_server_gets_both_forms_with_the_logo_inside(world: World, box: Mailbox) -> None:
    brand(world)
    invite(world)
    world.settle(10)
    [mail] = box.mails
    found = parts(mail)
    assert list(found) == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    assert LINK in found["text/plain"].get_content()
    html = found["text/html"].get_content()
    picture = found["image/png"]
    assert f"cid:{picture['Content-ID'].strip('<>')}" in html
    assert picture.get_content() == redrawn(logo()).content
    assert picture["Content-Disposition"].startswith("inline")
    assert mail["From"] == "Example MSP <help@msp.example>"
    assert mail["Message-ID"] == f"<{world.mails()[0].key}@msp.example>"
    assert box.seen == [("help@msp.example", MIA)]
    assert mail["List-Unsubscribe"] is None


def test_a_mail_without_a_brand_is_from_whom_the_settings_name(world: World, box: Mailbox) -> None:
    invite(world)
    world.settle(10)
    [mail] = box.mails
    assert list(parts(mail)) == ["multipart/alternative", "text/plain", "text/html"]
    assert mail["From"] == "resetline@reset.example.com"
    assert box.seen == [("resetline@reset.example.com", MIA)]
