"""Texts in somebody else's name: what a forger gets, and what it costs the person."""

from __future__ import annotations

from gateway.engine.allowances import ANSWERS_PER_PERSON
from gateway.records.requests import RequestState
from tests.attacks.forging import forge
from tests.gateway.engine.conversing import answer, asked, events, password_in, people
from tests.told import word_in
from tests.world import MIA, SAM, World

FOR_HOURS = 15
"""Seconds between a thousand texts: four hours of them."""

A_WORD_AND_TWICE_AGAIN = 3
TOLD_OF_LIMITS = 20


def test_a_thousand_forged_resets_change_nothing(asking: World) -> None:
    """Wanted: Mia's password changed. Got: not one, and no more than a day's texts to Mia."""
    forge(asking, ["RESET"] * 1000, every=FOR_HOURS)
    assert asking.mia.passwords_set == []
    most = ANSWERS_PER_PERSON.count * A_WORD_AND_TWICE_AGAIN + TOLD_OF_LIMITS
    assert len(asking.texts()) <= most
    assert "request:word:asked" in events(asking)
    assert "request:word:confirmed" not in events(asking)


def test_after_a_thousand_forged_resets_the_person_is_still_helped(asking_anywhere: World) -> None:
    """Wanted: to keep Mia from help. Got: UNLOCK, STATUS and the word of her last text work."""
    world = asking_anywhere
    forge(world, ["RESET"] * 100, every=4)
    word = word_in(next(text for text in reversed(world.texts()) if "text back" in text))
    world.mia.locked = True
    assert "locked" in answer(world, "STATUS")
    world.text("UNLOCK")
    world.work()
    assert not world.mia.locked
    assert password_in(answer(world, word)) == world.mia.password


def test_forged_resets_of_one_person_cost_another_nothing(asking: World) -> None:
    """Wanted: to use up what all people have. Got: Sam is asked for his word and helped."""
    forge(asking, ["RESET"] * 200, every=1)
    assert password_in(answer(asking, asked(asking, number=SAM), SAM)) == asking.sam.password


def test_a_forged_unlock_lifts_a_lockout_and_no_password_is_changed(asking: World) -> None:
    """Wanted: Mia's lockout gone, to guess on. Got it, up to 20 times a day; she is told of each.

    UNLOCK asks for no word: docs/security.md says so among what we do not protect against.
    """
    unlocked = 0
    for _ in range(60):
        asking.mia.locked = True
        forge(asking, ["UNLOCK"], every=300)
        unlocked += not asking.mia.locked
    assert 0 < unlocked <= ANSWERS_PER_PERSON.count
    assert len([each for each in asking.texts() if "unlocked" in each]) == unlocked
    assert events(asking).count("account:unlock:succeeded") == unlocked
    assert asking.mia.passwords_set == []


def test_a_forged_notme_costs_the_person_help_by_text_and_gives_the_forger_nothing(
    asking: World,
) -> None:
    """Wanted: to harm Mia. Got: she has to call, until somebody unfreezes her. Nothing else.

    Her password, her account and Sam are untouched; she and her MSP are told at once.
    """
    forge(asking, ["NOTME"] * 50, every=10)
    assert people(asking)["mia.keller"].frozen_at
    assert people(asking)["sam.ortiz"].frozen_at is None
    assert asking.mia.passwords_set == []
    asking.clock.forward(86_400)
    assert "help by text is turned off" in answer(asking, "RESET")
    assert any("Help by text is now off" in each for each in asking.texts(MIA))
    assert [mail.template for mail in asking.mails()].count("not_me_msp") == 1
    assert events(asking).count("person:frozen") == 1


def test_where_no_word_is_asked_for_a_forged_reset_changes_a_password_so_often_a_day(
    world: World,
) -> None:
    """Wanted: Mia's password changed. Got it, five times a day, and none was told to the forger.

    That is what `confirm_by_word` is for, and docs/security.md says it.
    """
    forge(world, ["RESET"] * 100, every=240)
    told = [text for text in world.carrier.sent if "\n" in text.body]
    assert len({text.body for text in told}) == 5
    assert {text.to for text in world.carrier.sent} == {MIA}
    assert RequestState.REFUSED in world.states()


def test_a_forged_stop_silences_the_person_until_they_text_start(asking: World) -> None:
    """Wanted: that Mia hears nothing. Got it, until she texts START. Nothing is changed meanwhile.

    Carriers act on STOP themselves: docs/security.md says so among what we do not protect against.
    """
    forge(asking, ["STOP", "RESET", "UNLOCK"])
    assert asking.texts() == []
    assert asking.mia.passwords_set == []
    asking.text("START")
    assert password_in(answer(asking, asked(asking))) == asking.mia.password


def test_wrong_words_in_somebodys_name_leave_them_unlock_and_status(asking: World) -> None:
    """Wanted: to keep Mia from help. Got: no RESET for hours; she is told why, and UNLOCK works."""
    for _ in range(4):
        forge(asking, ["RESET", "lemon", "apple", "grape"], every=30)
        asking.clock.forward(600)
    asking.mia.locked = True
    assert "too often" in answer(asking, "RESET")
    assert "locked" in answer(asking, "STATUS")
    answer(asking, "UNLOCK")
    assert not asking.mia.locked
    asking.clock.forward(6 * 3600)
    assert password_in(answer(asking, asked(asking))) == asking.mia.password
