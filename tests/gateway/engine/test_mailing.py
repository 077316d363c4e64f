"""Mails that wait: each reaches its reader, or it is told that it did not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from gateway.engine.composing import Composer
from gateway.engine.doorbell import JobName
from gateway.engine.mailing import LEASE, Mailing, write
from gateway.engine.notices import one_time_password_expired, password_untold
from gateway.engine.sweeps import Sweeps
from gateway.mail import MailLater, MailMisconfigured, MailRefused, MailUnknown
from gateway.mail.addresses import sender
from gateway.mail.servers import MailServer
from gateway.mail.smtp import SmtpMailer
from gateway.mail.wording import Wording
from gateway.records import AuditEvent, Mail, Organization, Person, Request, Tenant
from gateway.records.forgetting import forget_person
from gateway.records.mails import MailState
from simulator.active_directory.certificates import CertificateAuthority
from tests.fakes import Crash, FakeDoorbell
from tests.mail_server import DROP, Mailbox, mail_server
from tests.world import World

MIA, ALERTS = "mia.keller@northwind.example", "alerts@msp.example"
DAY = 24 * 3600


@pytest.fixture
def world(world: World) -> World:
    """With an address for Mia and one for the MSP."""
    with world.database.transaction() as session:
        person(session.scalars(select(Person)).all(), "mia.keller").email = MIA
        session.scalars(select(Tenant)).one().alert_email = ALERTS
    return world


def person(people: object, username: str) -> Person:
    assert isinstance(people, list)
    found: Person = next(each for each in people if each.username == username)
    return found


def announce(world: World, username: str = "mia.keller") -> int:
    """A mail to somebody, as the engine writes it. Returns its id."""
    with world.database.transaction() as session:
        to = person(session.scalars(select(Person)).all(), username)
        return write(session, to, "one_time_password_expired", {}, now=world.clock()).id


def alert(world: World) -> int:
    with world.database.transaction() as session:
        to = session.scalars(select(Organization)).one()
        facts = {"username": "mia.keller", "request": "7", "when": "now", "reason": "30003"}
        return write(session, to, "password_untold_msp", facts, now=world.clock()).id


def composer(world: World) -> Composer:
    return Composer(Wording(), world.made_up_links.get)


def events(world: World) -> list[tuple[str, str]]:
    with world.database.transaction() as session:
        audited = session.scalars(select(AuditEvent).where(AuditEvent.event.like("mail:%")))
        return [(each.event, each.reason) for each in audited]


def readers(world: World) -> list[str]:
    return [letter.to.whole for letter in world.mailer.sent]


def test_the_clock_has_a_mail_sent_within_seconds(world: World) -> None:
    announce(world)
    world.settle(5)
    assert readers(world) == [MIA]
    [mail] = world.mails()
    assert (mail.state, mail.sent_at, mail.facts) == (MailState.SENT, world.clock(), {})
    assert events(world) == [("mail:sent", "one_time_password_expired")]
    world.settle(3600, step=300)
    assert readers(world) == [MIA]


def test_a_mail_that_was_not_committed_is_never_sent(world: World) -> None:
    with world.database.transaction() as session:
        to = session.scalars(select(Organization)).one()
        write(session, to, "password_untold_msp", {}, now=world.clock())
        session.rollback()
    world.settle(5)
    assert world.mails() == []


def test_an_alert_goes_to_the_organizations_contact_else_to_the_tenants(world: World) -> None:
    alert(world)
    world.settle(5)
    with world.database.transaction() as session:
        session.scalars(select(Organization)).one().alert_email = "northwind@msp.example"
    alert(world)
    world.settle(5)
    assert readers(world) == [ALERTS, "northwind@msp.example"]


def test_the_address_is_the_one_of_the_moment_of_sending(world: World) -> None:
    announce(world)
    with world.database.transaction() as session:
        mia = person(session.scalars(select(Person)).all(), "mia.keller")
        mia.email = "mia@new.example"
    world.settle(5)
    assert readers(world) == ["mia@new.example"]


@pytest.mark.parametrize("address", ["", "not an address"])
def test_who_has_no_usable_address_is_not_written_to_and_that_is_said(
    world: World, address: str
) -> None:
    with world.database.transaction() as session:
        person(session.scalars(select(Person)).all(), "mia.keller").email = address
    announce(world)
    with capture_logs() as logs:
        world.settle(5)
    assert events(world) == [("mail:failed", "no_address")]
    assert [log["log_level"] for log in logs if log["event"] == "mail.failed"] == ["error"]
    assert world.mails()[0].ring_at is None


@pytest.mark.parametrize("error", [MailLater("put_off", 451), MailMisconfigured("sign_in", 535)])
def test_what_may_pass_is_tried_for_a_day_with_growing_waits(
    world: World, error: MailLater | MailMisconfigured
) -> None:
    mail_id = announce(world)
    world.mailer.faults = [(error, False)] * 1000
    tries: list[float] = []
    begun = world.clock()
    while due := world.mails()[0].ring_at:
        world.clock.time = due
        world.mailing.deliver(mail_id)
        tries.append((due - begun).total_seconds())
    waits = [later - earlier for earlier, later in pairwise(tries)]
    assert 24 < len(tries) < 70
    assert 30 <= waits[0] <= 60
    assert all(1800 <= wait <= 3600 for wait in waits[8:-1])
    assert tries[-1] == DAY
    [mail] = world.mails()
    assert (mail.state, mail.error) == (MailState.FAILED, f"expired_{error.reason}")
    assert events(world) == [("mail:failed", f"expired_{error.reason}")]


def test_a_mail_that_was_put_off_is_sent_when_the_server_takes_it(world: World) -> None:
    announce(world)
    world.mailer.faults = [(MailLater("put_off", 450), False)] * 3
    world.settle(20 * 60)
    assert readers(world) == [MIA]
    assert world.mails()[0].error == ""


def test_late_and_doubled_rings_do_not_try_any_sooner(world: World) -> None:
    mail_id = announce(world)
    world.mailer.faults = [(MailLater("put_off", 450), False)] * 50
    for _ in range(50):
        world.mailing.deliver(mail_id)
    assert len(world.mailer.faults) == 49


def test_what_the_server_refuses_for_good_is_given_up_at_once(world: World) -> None:
    announce(world)
    world.mailer.faults = [(MailRefused("refused", 550), False)]
    world.settle(3600, step=300)
    assert readers(world) == []
    assert events(world) == [("mail:failed", "refused_550")]


def test_a_mail_that_may_have_been_sent_goes_again_as_the_same_mail(world: World) -> None:
    announce(world)
    world.mailer.faults = [(MailUnknown("unknown"), True)] * 9
    world.settle(3600, step=30)
    assert len(world.mailer.sent) == 4
    assert len({letter.key for letter in world.mailer.sent}) == 1
    assert events(world) == [("mail:failed", "unknown")]


def test_a_worker_that_was_overtaken_changes_nothing(world: World) -> None:
    mail_id = announce(world)
    sent = world.mailer.send

    def slowly(letter: object) -> None:
        world.clock.forward(LEASE.total_seconds() + 1)
        world.mailer.send = sent  # type: ignore[method-assign]
        world.mailing.deliver(mail_id)
        raise MailRefused("refused", 550)

    world.mailer.send = slowly  # type: ignore[method-assign]
    world.mailing.deliver(mail_id)
    assert world.mails()[0].state == MailState.SENT
    assert events(world) == [("mail:sent", "one_time_password_expired")]


def test_a_crash_anywhere_costs_nobody_the_mail(world: World) -> None:
    """At worst it comes twice, and then as the same mail."""
    for dies_at in range(1, 20):
        world.failpoints.passed, world.failpoints.dies_at = 0, None
        world.mailer.sent.clear()
        mail_id = announce(world)
        world.failpoints.passed, world.failpoints.dies_at = 0, dies_at
        try:
            world.mailing.deliver(mail_id)
        except Crash:
            world.restarted()
        survived, world.failpoints.dies_at = world.failpoints.dies_at is not None, None
        world.settle(180)
        assert world.mails()[-1].state == MailState.SENT
        assert 1 <= len(world.mailer.sent) <= 2
        assert len({letter.key for letter in world.mailer.sent}) == 1
        if survived:
            assert dies_at > 4
            return
    raise AssertionError("there were more places to die at than expected")


def test_a_lossy_queue_loses_no_mail(world: World) -> None:
    world.doorbell = FakeDoorbell(random.Random(5))
    world.restarted()
    for _ in range(20):
        announce(world)
    world.settle(300)
    assert readers(world) == [MIA] * 20


def test_without_redis_the_clock_sends_one_mail_at_a_time(world: World) -> None:
    world.doorbell.silent = True
    for _ in range(3):
        announce(world)
    world.settle(5)
    assert readers(world) == [MIA]
    world.settle(60)
    assert readers(world) == [MIA] * 3


def test_without_a_mail_server_every_mail_fails_at_once_and_that_is_said_once(
    world: World,
) -> None:
    world.mailing = Mailing(world.database, None, world.clock, composer(world))
    unheard = [JobName.MAIL]
    parts = (world.database, world.doorbell, world.functions, world.clock)
    sweeps = Sweeps(*parts, unheard=unheard)
    for _ in range(3):
        announce(world)
    with capture_logs() as logs:
        sweeps.run()
    assert [mail.error for mail in world.mails()] == ["no_smtp"] * 3
    assert events(world) == [("mail:failed", "no_smtp")] * 3
    warned = [log for log in logs if log["log_level"] == "warning"]
    assert [log["event"] for log in warned] == ["mail.no_smtp"]
    assert world.doorbell.take() == []


def test_somebody_who_is_removed_is_not_written_to_any_more(world: World) -> None:
    announce(world)
    with world.database.transaction() as session:
        mia = person(session.scalars(select(Person)).all(), "mia.keller")
        assert forget_person(session, mia)
    world.settle(5)
    assert readers(world) == []
    assert [mail.error for mail in world.mails()] == ["no_address"]


def test_a_password_that_could_not_be_told_is_announced_to_both(world: World) -> None:
    world.text("reset")
    world.work()
    with world.database.transaction() as session:
        request = session.scalars(select(Request)).one()
        request.organization.support = "+1 415 555 0100"
        request.organization.time_zone = "America/New_York"
        password_untold(session, request, "30003", world.clock())
        one_time_password_expired(session, request, world.clock())
    world.settle(5)
    assert sorted(readers(world)) == [ALERTS, MIA, MIA]
    to_msp = next(letter for letter in world.mailer.sent if letter.to.whole == ALERTS)
    body = to_msp.body.get_secret_value()
    assert "Account: mia.keller\nRequest: 1\nWhen: 2 Mar 2026 04:00 EST\nReason: 30003\n" in body
    for letter in world.mailer.sent:
        assert world.mia.password not in letter.body.get_secret_value()
    assert {mail.request_id for mail in world.mails()} == {1}


def test_no_log_and_no_row_tells_an_address_or_what_was_written(world: World) -> None:
    world.mailer.faults = [(MailLater("put_off", 450), False), (MailRefused("refused", 550), False)]
    announce(world)
    with capture_logs() as logs:
        world.settle(300)
    columns = [column.name for column in Mail.__table__.c]
    rows = [{name: getattr(mail, name) for name in columns} for mail in world.mails()]
    assert logs
    for secret in (MIA, "one-time password that was texted"):
        assert secret not in repr(logs) + repr(rows)


def test_on_both_databases_a_mail_is_sent_once_and_its_state_kept(world_anywhere: World) -> None:
    with world_anywhere.database.transaction() as session:
        session.scalars(select(Tenant)).one().alert_email = ALERTS
    alert(world_anywhere)
    world_anywhere.mailer.faults = [(MailLater("put_off", 450), False)]
    world_anywhere.settle(300)
    assert readers(world_anywhere) == [ALERTS]
    assert world_anywhere.mails()[0].state == MailState.SENT


@pytest.fixture
def box(world: World, tmp_path: Path) -> Iterator[Mailbox]:
    """A real mail server that our mail goes to from now on."""
    ca = CertificateAuthority()
    (tmp_path / "ca.pem").write_text(ca.pem)
    with mail_server(ca=ca) as box:
        server = MailServer.parse(f"smtp://localhost:{box.port}?tls=starttls")
        real = SmtpMailer(server, sender("help@msp.example"), str(tmp_path / "ca.pem"))
        world.mailing = Mailing(world.database, real, world.clock, composer(world))
        yield box


def test_a_real_server_that_grey_lists_takes_the_mail_later(world: World, box: Mailbox) -> None:
    box.answers["RCPT"] = ["450 4.2.0 Greylisted"] * 2
    announce(world)
    world.settle(600)
    [mail] = box.mails
    assert mail["Subject"] == "Northwind: your one-time password has expired"
    assert box.seen == [("help@msp.example", MIA)]


def test_a_real_line_that_breaks_after_the_letter_gives_the_same_mail_twice(
    world: World, box: Mailbox
) -> None:
    box.answers["DATA"] = [DROP]
    announce(world)
    world.settle(600)
    first, second = box.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"] == f"<{world.mails()[0].key}@msp.example>"
    assert first["Date"] == second["Date"]


def test_a_mail_outlives_a_server_that_is_down(world: World, box: Mailbox) -> None:
    server = MailServer.parse("smtp://127.0.0.1:1")
    real, world.mailing = (
        world.mailing,
        Mailing(
            world.database,
            SmtpMailer(server, sender("help@msp.example")),
            world.clock,
            composer(world),
        ),
    )
    announce(world)
    world.settle(timedelta(hours=2).total_seconds(), step=120)
    assert world.mails()[0].error == "unreachable"
    world.__dict__.pop("functions")
    world.__dict__.pop("sweeps")
    world.mailing = real
    world.settle(timedelta(hours=2).total_seconds(), step=120)
    assert len(box.raw) == 1
