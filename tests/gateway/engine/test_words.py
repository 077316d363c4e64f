"""RESET is confirmed by a word that only the phone is told, and nothing happens before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from directory.errors import Refusal
from gateway.engine.allowances import WRONG_WORDS
from gateway.records.requests import RequestState
from tests.gateway.engine.conversing import answer, asked, decide, events, password_in, report
from tests.told import word_in
from tests.world import SAM, STRANGER, World


@pytest.fixture
def asking(world: World) -> World:
    """People are asked for a word, as in every new organization."""
    decide(world, "confirm_by_word", "on")
    return world


def test_nothing_is_changed_until_the_word_comes_back(asking: World) -> None:
    word = asked(asking)
    assert asking.mia.passwords_set == []
    assert asking.states() == [RequestState.AWAITING_WORD]
    asking.text(f" {word.upper()}! ")
    asking.work()
    assert password_in(asking.texts()[-1]) == asking.mia.password
    assert asking.states() == [RequestState.SENT]
    assert {"request:word:asked", "request:word:confirmed"} <= set(events(asking))


def test_the_word_is_kept_nowhere_and_gone_once_it_was_used(asking: World) -> None:
    word = asked(asking)
    [request] = asking.requests()
    assert request.word_seed
    assert word not in request.word_seed
    asking.text(word)
    assert asking.requests()[0].word_seed is None


def test_three_wrong_words_end_it_and_say_so(asking: World) -> None:
    word = asked(asking)
    for wrong in ("lemon", "apple"):
        asking.text(wrong)
        asking.work()
        assert "not the word" in asking.texts()[-1]
    asking.text("grape")
    asking.work()
    assert "three times" in asking.texts()[-1]
    asking.text(word)
    asking.work()
    assert "too late" in asking.texts()[-1]
    assert asking.mia.passwords_set == []
    assert [(each.state, each.reason) for each in asking.requests()] == [("expired", "wrong_word")]


def test_after_ten_minutes_the_word_is_too_late(asking: World) -> None:
    word = asked(asking)
    asking.settle(600)
    assert asking.states() == [RequestState.EXPIRED]
    assert len(asking.texts()) == 1
    asking.text(word)
    asking.work()
    assert "too late" in asking.texts()[-1]
    assert asking.mia.passwords_set == []


def test_a_word_is_late_even_before_the_clock_comes_by(asking: World) -> None:
    word = asked(asking)
    asking.clock.forward(600)
    asking.text(word)
    asking.work()
    assert asking.mia.passwords_set == []


def test_asking_again_gets_the_same_word_and_no_new_tries(asking: World) -> None:
    word = asked(asking)
    asking.text("lemon")
    asking.text("apple")
    asking.work()
    asking.clock.forward(40)
    assert asked(asking) == word
    asking.text("grape")
    asking.work()
    assert asking.states() == [RequestState.EXPIRED]


def test_however_often_somebody_asks_the_same_word_comes_three_times_at_most(
    asking: World,
) -> None:
    for _ in range(9):
        asking.text("RESET")
        asking.work()
        asking.clock.forward(40)
    assert len(asking.texts()) == 3
    assert len(asking.requests()) == 1


def test_the_word_of_one_person_is_nothing_in_the_mouth_of_another(asking: World) -> None:
    word = asked(asking)
    asked(asking, number=SAM)
    for number in (SAM, STRANGER):
        asking.text(word, number)
    asking.work()
    assert asking.mia.passwords_set == []
    assert asking.sam.passwords_set == []


def test_an_unlock_is_not_held_up_by_a_word_that_is_awaited(asking: World) -> None:
    asking.mia.locked = True
    word = asked(asking)
    asking.text("UNLOCK")
    asking.work()
    assert not asking.mia.locked
    asking.text(word)
    asking.work()
    assert password_in(asking.texts()[-1]) == asking.mia.password


def test_the_same_word_twice_at_once_resets_once(asking: World) -> None:
    word = asked(asking)
    with ThreadPoolExecutor(4) as at_once:
        list(at_once.map(lambda _: asking.text(word), range(4)))
    asking.work()
    assert len(asking.mia.passwords_set) == 1
    assert len(asking.texts()) == 2


def test_a_new_word_does_not_bring_new_tries_for_ever(asking: World) -> None:
    for _ in range(WRONG_WORDS.count // 3):
        asked(asking)
        for wrong in ("lemon", "apple", "grape"):
            asking.text(wrong)
            asking.work()
        asking.clock.forward(700)
    asking.text("RESET")
    asking.work()
    assert "too often" in asking.texts()[-1]
    assert asking.requests()[-1].reason == "wrong_words"


def test_a_text_that_could_not_be_delivered_ends_the_wait(asking: World) -> None:
    asked(asking)
    report(asking, asking.carrier.sent[-1], "undelivered", 30003)
    assert [(each.state, each.reason) for each in asking.requests()] == [("expired", "undelivered")]
    assert asking.mia.passwords_set == []


def test_a_late_report_of_the_word_does_not_end_the_reset(asking: World) -> None:
    word = asked(asking)
    sent = asking.carrier.sent[-1]
    asking.text(word)
    report(asking, sent, "delivered")
    asking.work()
    assert password_in(asking.texts()[-1]) == asking.mia.password
    assert asking.states() == [RequestState.SENT]


def test_a_directory_that_is_away_when_the_word_comes_gets_all_its_time(asking: World) -> None:
    word = asked(asking)
    asking.clock.forward(590)
    asking.directory.is_away = True
    asking.text(word)
    asking.work()
    asking.settle(30)
    asking.directory.is_away = False
    asking.settle(30)
    assert password_in(asking.texts()[-1]) == asking.mia.password


def test_plain_talk_is_confirmed_by_a_word_whatever_the_policy(world: World) -> None:
    word = asked(world, "restet")
    assert world.mia.passwords_set == []
    world.text(word)
    world.work()
    assert password_in(world.texts()[-1]) == world.mia.password


def test_nobody_is_asked_for_a_word_that_would_lead_to_nothing(asking: World) -> None:
    asking.mia.refusal = Refusal.PROTECTED
    assert "can't be helped by text" in answer(asking, "RESET")


def test_a_directory_that_is_away_is_waited_for_before_anybody_is_asked(asking: World) -> None:
    asking.directory.is_away = True
    asking.text("RESET")
    asking.work()
    assert asking.texts() == []
    asking.directory.is_away = False
    asking.settle(20)
    word = word_in(asking.texts()[-1])
    assert password_in(answer(asking, word)) == asking.mia.password
    assert asking.requests()[-1].admitted_at is None


def test_a_word_that_nobody_asked_for_is_just_a_text(asking: World) -> None:
    asking.text("lemon")
    asking.work()
    assert "text RESET" in asking.texts()[-1]
    assert asking.requests() == []


def test_where_the_policy_is_off_a_reset_needs_no_word(world: World) -> None:
    world.text("RESET")
    world.work()
    assert password_in(world.texts()[-1]) == world.mia.password


def test_a_word_without_redis_still_goes_on(asking: World) -> None:
    """It was admitted as a text that only its phone can know; the reset waits until it counts."""
    word = asked(asking)
    asking.limits.can_say = False
    asking.text(word)
    asking.work()
    assert asking.mia.passwords_set == []
    asking.limits.can_say = True
    asking.settle(20)
    assert password_in(asking.texts()[-1]) == asking.mia.password


def test_a_flood_does_not_hide_guesses(asking: World) -> None:
    """Junk fills the limit first, and then words are tried that nobody would count."""
    for _ in range(12):
        asking.text("what is this")
    word = asked(asking)
    for wrong in ("lemon", "apple", "grape"):
        asking.text(wrong)
    asking.text(word)
    asking.work()
    assert asking.mia.passwords_set == []
    assert asking.requests()[-1].reason == "wrong_word"


@pytest.mark.parametrize("word", ["ok", "thanks", "hi", "qqqq"])
def test_what_can_be_nobodys_word_is_no_try(asking: World, word: str) -> None:
    right = asked(asking)
    for _ in range(4):
        assert "not the word" in answer(asking, word)
    assert password_in(answer(asking, right)) == asking.mia.password


def test_a_repeated_text_that_fails_does_not_end_what_the_first_asked(asking: World) -> None:
    word = asked(asking)
    report(asking, asking.carrier.sent[0], "delivered")
    asking.clock.forward(40)
    asked(asking)
    report(asking, asking.carrier.sent[1], "undelivered", 30003)
    assert password_in(answer(asking, word)) == asking.mia.password


def test_a_refusal_after_the_word_is_told_whatever_was_texted_meanwhile(asking: World) -> None:
    word = asked(asking)
    answer(asking, "STATUS")
    asking.mia.refusal = Refusal.PROTECTED
    assert "can't be helped by text" in answer(asking, word)


def test_a_word_after_a_later_answer_is_not_called_late(asking: World) -> None:
    asked(asking)
    asking.settle(605)
    word = asked(asking)
    answer(asking, word)
    report(asking, asking.carrier.sent[-1], "delivered")
    assert "too late" not in answer(asking, "perfect")


def test_after_notme_no_word_is_called_late(asking: World) -> None:
    asked(asking)
    answer(asking, "NOTME")
    assert "too late" not in answer(asking, "lemon")
