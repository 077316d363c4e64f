"""Another number takes the place of the old one, which is told and can still object."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.engine.enrolment.refusals import Reason
from gateway.records.audit import Event
from tests.gateway.engine.enrolment.conftest import (
    NINA,
    OTHER,
    Newcomer,
    add_person,
    events,
    mails,
    policy,
)
from tests.world import MIA

HOUR, DAY = 3600, 24 * 3600


def test_an_answer_is_not_sent_on_to_a_number_that_was_proved_meanwhile(mia: Newcomer) -> None:
    """Whoever has got into the mailbox gets no password with it."""
    mia.world.text("RESET", sender=MIA)
    mia.enrols(NINA)
    mia.world.settle(700)
    assert not any("one-time password is" in text for text in mia.world.texts(NINA))


def test_changing_the_number_tells_the_old_one_and_holds_resets_back(mia: Newcomer) -> None:
    mia.enrols(NINA)
    mia.world.settle(10)
    assert "another phone was set up" in mia.world.texts(MIA)[-1]
    assert len(mails(mia.world, "number_changed")) == 1
    [mail] = mails(mia.world, "number_changed_msp")
    assert (mail.recipient, mail.person_id) == ("msp", None)
    mia.world.text("RESET", sender=MIA)
    assert mia.world.requests() == []
    with mia.world.database.reading() as session:
        held = mia.person(session).reset_held_until
    assert held is not None
    assert timedelta(hours=23, minutes=55) < held - mia.world.clock() <= timedelta(hours=24)


def test_notme_from_the_number_before_freezes_its_owner_and_is_told(
    mia: Newcomer,
) -> None:
    mia.enrols(NINA)
    mia.world.settle(10)
    assert "Not you? Text NOTME" in mia.world.texts(MIA)[-1]
    mia.world.text("NOTME", sender=MIA)
    mia.world.work()
    assert "Help by text is now off for your account" in mia.world.texts(MIA)[-1]
    assert len(mails(mia.world, "not_me_msp")) == 1
    assert len(events(mia.world, Event.PERSON_FROZEN)) == 1
    mia.world.text("RESET", sender=NINA)
    assert mia.world.requests() == []


@pytest.mark.parametrize("word", ["RESET", "UNLOCK", "STATUS", "HELP", "START", "hm"])
def test_no_other_word_works_from_the_number_before(mia: Newcomer, word: str) -> None:
    mia.enrols(NINA)
    mia.world.settle(10)
    told = len(mia.world.texts(MIA))
    mia.world.text(word, sender=MIA)
    mia.world.settle(10)
    assert mia.world.requests() == []
    assert len(mia.world.texts(MIA)) == told
    assert events(mia.world, Event.PERSON_FROZEN) == []


def test_notme_works_from_no_number_that_was_not_proved_or_is_forgotten(mia: Newcomer) -> None:
    mia.invited()
    mia.asks_for_a_code(NINA)
    mia.world.text("NOTME", sender=NINA)
    mia.enrols(OTHER)
    mia.world.settle(2 * DAY, step=HOUR)
    mia.world.text("NOTME", sender=MIA)
    mia.world.settle(10)
    assert events(mia.world, Event.PERSON_FROZEN) == []


def test_notme_from_a_shared_number_freezes_who_had_it_and_leaves_the_others(
    mia: Newcomer,
) -> None:
    """Mia's number was another person's as well, who still has it."""
    nina = add_person(mia.world, "nina.alvarez")
    nina.enrols(MIA)
    mia.world.clock.forward(130)
    mia.enrols(OTHER)
    mia.world.text("NOTME", sender=MIA)
    frozen = {event.person_id for event in events(mia.world, Event.PERSON_FROZEN)}
    with mia.world.database.reading() as session:
        assert frozen == {mia.person(session).id}


def test_the_msp_hears_of_a_changed_number_and_not_of_a_first_one(
    nina: Newcomer, mia: Newcomer
) -> None:
    nina.enrols(OTHER)
    assert mails(nina.world, "number_changed_msp") == []
    with mia.world.database.transaction() as session:
        mia.person(session).organization.alert_email = "alerts@msp.example"
    mia.world.clock.forward(130)
    mia.enrols(NINA)
    mia.world.settle(10)
    [letter] = [each for each in mia.world.mailer.sent if each.to.whole == "alerts@msp.example"]
    assert "Account: mia.keller\nNumber: +1***0177\n" in letter.body.get_secret_value()


def test_the_hold_can_be_switched_off(mia: Newcomer) -> None:
    policy(mia.world, hold_after_phone_change_hours="0")
    mia.enrols(NINA)
    with mia.world.database.reading() as session:
        assert mia.person(session).reset_held_until is None


def test_the_old_number_works_until_the_new_one_is_proved(mia: Newcomer) -> None:
    mia.invited()
    mia.asks_for_a_code(NINA)
    mia.world.text("STATUS", sender=MIA)
    assert len(mia.world.requests()) == 1


def test_a_number_that_is_proved_already_is_not_proved_again(mia: Newcomer) -> None:
    mia.invited()
    assert mia.refused(MIA).reason is Reason.NUMBER_KEPT
