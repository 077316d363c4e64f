"""Mails that invite: reminders on their days, to whom they can reach, with what is true."""

from __future__ import annotations

import pytest

from tests.gateway.engine.enrolment.conftest import (
    Newcomer,
    invitations,
    mails,
    policy,
)

HOUR, DAY = 3600, 24 * 3600


def test_reminders_of_who_was_frozen_go_on_once_they_are_not(nina: Newcomer) -> None:
    nina.invited()
    nina.changed(frozen_at=nina.world.clock())
    for _ in range(4):
        nina.world.clock.forward(DAY)
        nina.world.settle(10)
    assert mails(nina.world, "activation_reminder") == []
    nina.changed(frozen_at=None)
    nina.world.clock.forward(DAY)
    nina.world.settle(10)
    assert len(mails(nina.world, "activation_reminder")) == 1


def test_reminders_come_on_their_days_with_a_fresh_link_and_then_end(nina: Newcomer) -> None:
    nina.invited()
    for days in (2, 3, 5, 10, 20):
        nina.world.clock.forward(days * DAY)
        nina.world.settle(10)
        if days == 5:
            nina.newest_link()
            assert not nina.is_dead()
    assert len(mails(nina.world, "activation_reminder")) == 3


def test_nobody_is_reminded_who_has_enrolled_or_cannot_be_helped(nina: Newcomer) -> None:
    nina.enrols()
    nina.world.clock.forward(3 * DAY)
    nina.world.settle(10)
    assert mails(nina.world, "activation_reminder") == []


def test_nobody_is_reminded_at_an_address_that_was_refused_for_good(nina: Newcomer) -> None:
    """What was only given up in the end may well be taken today."""
    for problem, reminders in (("refused_550", 0), ("expired_put_off_452", 1)):
        nina.invited()
        nina.changed(mail_problem=problem)
        nina.world.clock.forward(2 * DAY)
        nina.world.settle(10)
        assert len(mails(nina.world, "activation_reminder")) == reminders


def test_a_reminder_waits_for_somebody_who_is_just_typing_the_code(nina: Newcomer) -> None:
    policy(nina.world, link_hours="168")
    nina.invited()
    nina.world.clock.forward(2 * DAY - 10)
    nina.asks_for_a_code()
    nina.world.settle(30)
    assert mails(nina.world, "activation_reminder") == []
    nina.types(nina.codes()[0])


def test_two_reminders_at_once_send_one_mail(nina: Newcomer) -> None:
    nina.invited()
    nina.world.clock.forward(2 * DAY)
    [invitation] = invitations(nina.world)
    nina.world.reminding.remind(invitation.id)
    nina.world.reminding.remind(invitation.id)
    assert len(mails(nina.world, "activation_reminder")) == 1


@pytest.mark.parametrize(
    ("decided", "words"),
    [
        ({}, "RESET UNLOCK STATUS HELP"),
        ({"reset_by_sms": "off"}, "UNLOCK STATUS HELP"),
        ({"unlock_by_sms": "off"}, "RESET STATUS HELP"),
        ({"needs_approval": "on"}, "STATUS HELP"),
    ],
)
def test_mails_name_what_the_policies_let_a_text_bring(
    nina: Newcomer, decided: dict[str, str], words: str
) -> None:
    policy(nina.world, **decided)
    nina.invited()
    nina.asks_for_a_code()
    nina.types(nina.codes()[0])
    for template in ("activation", "enrolled"):
        [mail] = mails(nina.world, template)
        assert mail.facts["words"] == words
