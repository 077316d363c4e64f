"""Whatever is done by text is told by mail as well, to whose account it is."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from directory.errors import DirectoryUnreachable, OutcomeUnknown
from gateway.policy import Scope
from gateway.records import Organization
from tests.gateway.engine.test_every_crash import MakeWorld, crash_at, make_world
from tests.gateway.engine.test_permissions import change_mia, decide
from tests.texts import password_in
from tests.world import World

__all__ = ["make_world"]

ADDRESS, ALERTS = "mia.keller@northwind.example", "alerts@msp.example"


def mailed(world: World) -> list[tuple[str, str]]:
    return [(letter.to.whole, letter.subject.get_secret_value()) for letter in world.mailer.sent]


def body(world: World, address: str = ADDRESS) -> str:
    [letter] = [each for each in world.mailer.sent if each.to.whole == address]
    return letter.body.get_secret_value()


def text(world: World, word: str) -> None:
    world.text(word)
    world.work()
    world.settle(10)


def test_a_reset_is_told_by_mail_with_its_time_and_without_the_password(
    world_anywhere: World,
) -> None:
    world = world_anywhere
    with world.database.transaction() as session:
        session.execute(update(Organization).values(time_zone="America/New_York", support="5550"))
    text(world, "RESET")
    assert mailed(world) == [(ADDRESS, "Northwind: your Windows password was reset")]
    told = body(world)
    assert "Your Windows password was reset on 2 Mar 2026 04:00 EST" in told
    assert "If you did not text RESET, call 5550 at once." in told
    assert password_in(world.texts()[0]) not in told
    assert world.mails()[0].request_id == world.requests()[0].id


def test_an_unlock_is_told_by_mail_where_something_was_locked(world: World) -> None:
    text(world, "UNLOCK")
    assert mailed(world) == []
    world.mia.locked = True
    text(world, "UNLOCK")
    assert mailed(world) == [(ADDRESS, "Northwind: your Windows account was unlocked")]
    assert "If you did not text UNLOCK, call your help desk at once" in body(world)


@pytest.mark.parametrize("word", ["STATUS", "HELP", "good morning"])
def test_what_changes_nothing_is_not_told_by_mail(world: World, word: str) -> None:
    text(world, word)
    assert mailed(world) == []


def test_what_was_refused_or_failed_is_not_told_by_mail(world: World) -> None:
    decide(world, "reset_by_sms", "off")
    text(world, "RESET")
    world.directory.is_away = True
    text(world, "UNLOCK")
    world.settle(5 * 60)
    assert mailed(world) == []


def test_a_reset_that_nobody_can_be_sure_of_is_told_as_such(world: World) -> None:
    world.directory.faults = [None, OutcomeUnknown("cut off")] + [DirectoryUnreachable("x")] * 100
    text(world, "RESET")
    world.settle(7 * 60)
    assert "Your Windows password may have been reset on" in body(world)


@pytest.mark.parametrize("scope", list(Scope))
def test_nobody_is_told_by_mail_where_it_is_so_decided(world: World, scope: Scope) -> None:
    decide(world, "notifications", "off", scope)
    text(world, "RESET")
    assert mailed(world) == []


def test_who_has_no_email_is_not_written_to(world: World) -> None:
    decide(world, "email_required", "off")
    change_mia(world, email="")
    text(world, "RESET")
    assert world.mails() == []
    assert world.mia.passwords_set


def test_the_msp_is_told_of_every_reset_where_it_wants_to_be(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(Organization).values(alert_email=ALERTS))
    decide(world, "notify_msp", "on")
    world.mia.locked = True
    text(world, "RESET")
    text(world, "UNLOCK")
    told = body(world, ALERTS)
    assert "Account: mia.keller\nRequest: 1\nWhen: 2 Mar 2026 09:00 UTC\n" in told
    assert password_in(world.texts()[0]) not in told
    assert len(mailed(world)) == 2


def test_a_crash_anywhere_leaves_one_notice_of_one_reset(make_world: MakeWorld) -> None:
    """It is in the transaction that makes the reset true, and in no other."""
    point, crashed = 0, True
    while crashed:
        point += 1
        world = make_world()
        world.text("RESET")
        crashed = crash_at(world, point, world.work)
        world.settle(120, step=15)
        assert [mail.template for mail in world.mails()] == ["password_reset"]
