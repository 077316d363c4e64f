"""An answer that does not arrive: another phone, mail, and a password that is made useless."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from directory.errors import (
    DirectoryUnreachable,
    OutcomeUnknown,
    Refusal,
)
from gateway.carriers import SendRefused
from gateway.engine.deliveries import Report
from gateway.records import Organization, Person, Phone
from gateway.records.requests import RequestState
from tests.fakes import SentText
from tests.texts import password_in
from tests.world import World

MIAS_OTHER = "+14155550121"
HALF_AN_HOUR = 31 * 60


@pytest.fixture
def reachable(world: World) -> World:
    """Mia and the MSP have an email address."""
    with world.database.transaction() as session:
        session.execute(update(Person).values(email="mia@example.com"))
        session.execute(update(Organization).values(alert_email="alerts@example.com"))
    return world


def add_phone(world: World, number: str, *, opted_out: bool = False) -> None:
    now = world.clock()
    with world.database.transaction() as session:
        mia = session.scalars(select(Person).where(Person.username_key == "mia.keller")).one()
        mia.phones.append(
            Phone(
                tenant_id=mia.tenant_id,
                sealed_number=world.seal.seal(SecretStr(number)),
                number_index=world.seal.index(number),
                verified_at=now,
                opted_out_at=now if opted_out else None,
                created_at=now,
            )
        )


def reset(world: World) -> SentText:
    world.text("RESET")
    world.work()
    return world.carrier.sent[-1]


def report(world: World, text: SentText, status: str, code: int | None = None) -> None:
    world.deliveries.report(Report(text.sid, status, code, text.message_id))


def mailed(world: World) -> set[tuple[str, str]]:
    """But for the notice that every change brings, told or untold."""
    mails = {(mail.recipient, mail.template) for mail in world.mails()}
    return mails - {("person", "password_reset"), ("person", "account_unlocked")}


@pytest.mark.parametrize("refused_at_once", [True, False])
def test_the_answer_goes_to_the_persons_other_number(
    world: World, *, refused_at_once: bool
) -> None:
    add_phone(world, MIAS_OTHER)
    if refused_at_once:
        world.carrier.faults = [(SendRefused(21211), False)]
    world.text("RESET")
    world.work()
    if not refused_at_once:
        report(world, world.carrier.sent[0], "undelivered", 30003)
    world.settle(10)
    [answer] = world.texts(MIAS_OTHER)
    assert password_in(answer) == world.mia.password
    report(world, world.carrier.sent[-1], "delivered")
    assert world.states() == [RequestState.DONE]
    assert len(world.mia.passwords_set) == 1


def test_a_number_that_has_opted_out_is_no_way_around(reachable: World) -> None:
    add_phone(reachable, MIAS_OTHER, opted_out=True)
    report(reachable, reset(reachable), "undelivered", 30003)
    reachable.settle(10)
    assert reachable.texts(MIAS_OTHER) == []
    assert reachable.states() == [RequestState.SCRAMBLED]


def test_each_number_is_tried_once(reachable: World) -> None:
    add_phone(reachable, MIAS_OTHER)
    report(reachable, reset(reachable), "undelivered", 30003)
    reachable.settle(10)
    report(reachable, reachable.carrier.sent[-1], "undelivered", 30005)
    reachable.settle(10)
    assert len(reachable.carrier.sent) == 2
    assert reachable.states() == [RequestState.SCRAMBLED]


def test_a_password_that_reached_nobody_is_useless_at_once_and_told_by_mail(
    reachable: World,
) -> None:
    text = reset(reachable)
    report(reachable, text, "undelivered", 30003)
    reachable.settle(10)
    assert reachable.mia.password != password_in(text.body)
    assert reachable.states() == [RequestState.SCRAMBLED]
    assert mailed(reachable) == {
        ("person", "password_untold"),
        ("msp", "password_untold_msp"),
    }


def test_another_text_after_one_that_was_lost_gets_a_password_that_works(
    reachable: World,
) -> None:
    report(reachable, reset(reachable), "undelivered", 30003)
    reachable.settle(10)
    again = reset(reachable)
    reachable.settle(60)
    assert password_in(again.body) == reachable.mia.password


def test_a_one_time_password_that_nobody_used_stops_working_and_that_is_told(
    reachable: World,
) -> None:
    text = reset(reachable)
    report(reachable, text, "delivered")
    reachable.settle(HALF_AN_HOUR, step=30)
    assert reachable.mia.password != password_in(text.body)
    assert reachable.mia.must_change
    assert "no longer works" in reachable.texts()[-1]
    assert mailed(reachable) == {("person", "one_time_password_expired")}
    assert reachable.states() == [RequestState.SCRAMBLED]


def test_a_one_time_password_that_was_used_is_left_alone(reachable: World) -> None:
    report(reachable, reset(reachable), "delivered")
    mia = reachable.mia
    mia.password, mia.must_change = "Chosen-By-Mia-1", False
    mia.passwords_set.append(mia.password)
    reachable.settle(HALF_AN_HOUR, step=30)
    assert mia.password == "Chosen-By-Mia-1"
    assert reachable.states() == [RequestState.USED]
    assert (len(reachable.texts()), mailed(reachable)) == (1, set())


def test_what_the_help_desk_has_set_meanwhile_is_left_alone(reachable: World) -> None:
    """It must be changed at the next sign-in too: only the count tells it from ours."""
    report(reachable, reset(reachable), "undelivered", 30003)
    reachable.mia.password = "Set-By-The-Help-Desk-1"
    reachable.mia.passwords_set.append(reachable.mia.password)
    reachable.settle(HALF_AN_HOUR, step=30)
    assert reachable.mia.password == "Set-By-The-Help-Desk-1"
    assert reachable.states() == [RequestState.USED]


def test_a_newer_reset_is_not_undone_by_an_older_one(reachable: World) -> None:
    report(reachable, reset(reachable), "delivered")
    reachable.settle(25 * 60, step=30)
    newer = reset(reachable)
    report(reachable, newer, "delivered")
    reachable.settle(10 * 60, step=30)
    assert reachable.mia.password == password_in(newer.body)
    assert reachable.states() == [RequestState.USED, RequestState.DONE]


def test_a_directory_that_is_away_is_asked_again(reachable: World) -> None:
    text = reset(reachable)
    report(reachable, text, "undelivered", 30003)
    reachable.directory.faults = [DirectoryUnreachable("away")] * 2
    reachable.settle(60)
    reachable.settle(15 * 60, step=30)
    assert reachable.mia.password != password_in(text.body)
    assert reachable.states() == [RequestState.SCRAMBLED]


@pytest.mark.parametrize("applied", [True, False])
def test_an_unknown_outcome_ends_scrambled_and_told(reachable: World, *, applied: bool) -> None:
    text = reset(reachable)
    report(reachable, text, "delivered")
    reachable.settle(29 * 60, step=30)
    reachable.directory.apply_before_unknown = applied
    reachable.directory.faults = [OutcomeUnknown("cut off")]
    reachable.settle(10 * 60, step=30)
    assert reachable.mia.password != password_in(text.body)
    assert "no longer works" in reachable.texts()[-1]
    assert reachable.states() == [RequestState.SCRAMBLED]


def test_an_account_that_may_not_be_touched_any_more_is_left(reachable: World) -> None:
    text = reset(reachable)
    report(reachable, text, "delivered")
    reachable.mia.refusal = Refusal.PROTECTED
    reachable.settle(HALF_AN_HOUR, step=30)
    assert reachable.mia.password == password_in(text.body)
    [request] = reachable.requests()
    assert (request.state, request.scramble_at) == (RequestState.DONE, None)


def test_where_the_directory_does_not_count_nothing_is_replaced(
    reachable: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(reachable.mia), "password_version", None)
    text = reset(reachable)
    report(reachable, text, "undelivered", 30003)
    reachable.settle(HALF_AN_HOUR, step=30)
    assert reachable.mia.password == password_in(text.body)
    assert reachable.states() == [RequestState.UNDELIVERED]
    assert ("person", "password_untold") in mailed(reachable)


def test_without_anybody_to_mail_to_it_ends_all_the_same(world: World) -> None:
    report(world, reset(world), "undelivered", 30003)
    world.settle(60)
    assert world.states() == [RequestState.SCRAMBLED]


def test_an_unlock_that_cannot_be_told_alarms_nobody(reachable: World) -> None:
    reachable.mia.locked = True
    reachable.text("UNLOCK")
    reachable.work()
    report(reachable, reachable.carrier.sent[-1], "undelivered", 30003)
    reachable.settle(60)
    assert reachable.states() == [RequestState.UNDELIVERED]
    assert mailed(reachable) == set()
