"""Limits on texts: floods cost little, nobody is kept from help, and refusals are said and kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from gateway.engine.allowances import (
    ANSWERS_PER_PERSON,
    TEXTS_PER_SENDER,
    Allowances,
    Sizes,
    Stage,
)
from gateway.limits import Allowed, Exceeded
from gateway.policy import Policy
from gateway.records import InboundMessage
from gateway.records.about import About
from gateway.records.requests import RequestState
from tests.gateway.engine.conversing import (
    answer,
    asked,
    decide,
    events,
    limits_reached,
    password_in,
)
from tests.world import MIA, SAM, STRANGER, World


def outcomes(world: World) -> list[str]:
    with world.database.transaction() as session:
        return list(session.scalars(select(InboundMessage.outcome).order_by(InboundMessage.id)))


def flood(world: World, body: str, number: str = MIA, *, count: int = 30) -> None:
    for _ in range(count):
        world.text(body, number)
    world.work()


def test_a_flood_is_told_once_when_to_come_again(world: World) -> None:
    flood(world, "what?")
    assert len(world.texts()) == TEXTS_PER_SENDER.count + 1
    assert "too often" in world.texts()[-1]
    assert "from today" in world.texts()[-1]
    assert limits_reached(world) == ["texts_per_sender"]


def test_an_unknown_number_is_counted_in_the_same_way_and_told_nothing(world: World) -> None:
    flood(world, "what?", STRANGER)
    assert world.texts(STRANGER) == []
    assert limits_reached(world) == ["texts_per_sender"]


def test_after_the_span_there_is_room_again(world: World) -> None:
    flood(world, "what?")
    world.clock.forward(TEXTS_PER_SENDER.seconds + 1)
    assert "text RESET" in answer(world, "what?")


@pytest.mark.parametrize("flooding", ["RESET", "STATUS", "what?", "HELP"])
def test_a_flood_of_one_wish_leaves_the_others(world: World, flooding: str) -> None:
    """Whoever forges a sender cannot use up what its owner needs."""
    world.mia.locked = True
    flood(world, flooding)
    world.text("UNLOCK")
    world.work()
    assert not world.mia.locked


def test_a_flood_of_resets_in_somebodys_name_leaves_them_a_word_that_works(world: World) -> None:
    decide(world, "confirm_by_word", "on")
    word = asked(world)
    flood(world, "RESET", count=50)
    flood(world, "apple pie", count=50)
    world.text(word)
    world.work()
    assert password_in(world.texts()[-1]) == world.mia.password


def test_a_flood_of_one_person_leaves_all_others_alone(world: World) -> None:
    flood(world, "RESET", count=50)
    assert password_in(answer(world, "RESET", SAM)) == world.sam.password


def test_so_many_resets_a_day_and_then_the_time_of_the_next(world: World) -> None:
    decide(world, "resets_per_day", "2")
    for _ in range(2):
        answer(world, "RESET")
        world.clock.forward(700)
    told = answer(world, "RESET")
    assert "too often" in told
    assert "tomorrow" in told or "today" in told
    assert len(world.mia.passwords_set) == 2
    assert world.requests()[-1].reason == "resets_per_person"
    assert limits_reached(world) == ["resets_per_person"]
    world.clock.forward(86_400)
    assert password_in(answer(world, "RESET")) == world.mia.password


def test_a_reset_that_is_tried_again_is_counted_once(world: World) -> None:
    decide(world, "resets_per_day", "2")
    world.directory.is_away = True
    world.text("RESET")
    world.work()
    world.settle(60)
    world.directory.is_away = False
    world.settle(30)
    assert password_in(answer(world, "RESET")) == world.mia.password
    assert len(world.mia.passwords_set) == 2


def test_without_redis_nothing_is_changed_and_people_are_told_to_call(world: World) -> None:
    world.mia.locked = True
    world.limits.can_say = False
    world.text("UNLOCK")
    world.work()
    world.settle(90)
    assert world.mia.locked
    assert "call your help desk" in world.texts()[-1]
    assert world.requests()[-1].reason == "cannot_count"
    assert "account:unlock:failed" in events(world)


def test_redis_that_comes_back_soon_costs_nobody_their_reset(world: World) -> None:
    world.limits.can_say = False
    world.text("RESET")
    world.work()
    assert world.texts() == []
    world.limits.can_say = True
    world.settle(30)
    assert password_in(world.texts()[-1]) == world.mia.password


def test_without_redis_whoever_asks_anything_is_told_whom_to_call_now_and_then(
    world: World,
) -> None:
    world.limits.can_say = False
    flood(world, "what?", count=5)
    assert len(world.texts()) == 1
    assert "call your help desk" in world.texts()[0]
    world.clock.forward(601)
    flood(world, "HELP", count=5)
    assert len(world.texts()) == 2
    assert "account help" in world.texts()[1]


def test_answers_to_a_person_have_an_end_each_day(world: World) -> None:
    for _ in range(3 * ANSWERS_PER_PERSON.count):
        world.text("what?")
        world.work()
        world.clock.forward(120)
    assert len(world.texts()) == ANSWERS_PER_PERSON.count
    assert limits_reached(world) == ["answers_per_person"]


def test_refusals_of_a_flood_are_not_all_texted(world: World) -> None:
    decide(world, "unlock_by_sms", "off")
    for _ in range(3 * ANSWERS_PER_PERSON.count):
        world.text("UNLOCK")
        world.work()
        world.clock.forward(120)
    assert len(world.texts()) == ANSWERS_PER_PERSON.count
    assert set(world.states()) == {RequestState.REFUSED}


def test_a_months_texts_are_used_up_and_no_password_is_set_that_could_not_be_told(
    world: World,
) -> None:
    decide(world, "monthly_sms_budget", "2")
    decide(world, "resets_per_day", "50")
    for _ in range(2):
        answer(world, "RESET")
    for _ in range(3):
        world.text("RESET")
        world.work()
    assert len(world.mia.passwords_set) == 2
    assert ["used up for this month" in each for each in world.texts()] == [False, False, True]
    assert world.requests()[-1].reason == "answers_per_organization"


def test_chatter_leaves_part_of_the_months_texts_for_who_needs_help(world: World) -> None:
    decide(world, "monthly_sms_budget", "10")
    flood(world, "what?", SAM, count=10)
    assert len(world.texts(SAM)) == 8
    assert password_in(answer(world, "RESET")) == world.mia.password


def test_a_whole_installation_has_an_end_too(world: World) -> None:
    world.sizes = Sizes(texts_per_minute=5, changes_per_hour=1, answers_per_day=100)
    world.restarted()
    assert password_in(answer(world, "RESET")) == world.mia.password
    assert "too often" in answer(world, "RESET", SAM)
    assert world.sam.passwords_set == []
    assert limits_reached(world) == ["changes"]


def test_each_stage_is_counted_by_itself(world: World) -> None:
    allowances: Allowances = world.allowances
    about, policy = About(1, 1, 1), Policy(resets_per_day=20)
    for stage in Stage:
        verdicts = []
        for _ in range(21):
            verdicts.append(allowances.answer(stage, about, policy))
            if stage is Stage.RESET:
                allowances.password_set(about, policy)
        assert verdicts[:20] == [Allowed()] * 20
        assert isinstance(verdicts[20], Exceeded)


def test_not_even_a_right_looking_text_of_a_stranger_is_answered(world: World) -> None:
    for body in ("RESET", "UNLOCK", "STATUS", "HELP", "NOTME", "lemon", "STOP", "START"):
        world.text(body, STRANGER)
    world.work()
    assert world.texts(STRANGER) == []
    assert outcomes(world) == ["unknown_sender"] * 8


def test_resets_that_never_took_place_are_not_counted(world: World) -> None:
    decide(world, "resets_per_day", "1")
    world.directory.is_away = True
    for _ in range(3):
        world.text("RESET")
        world.work()
        world.settle(200)
    world.directory.is_away = False
    assert password_in(answer(world, "RESET")) == world.mia.password
    assert "too often" in answer(world, "RESET")


@pytest.mark.parametrize("body", ["lemon", "qqqq", "NOTME", "STATUS 9"])
def test_without_redis_no_flood_of_any_kind_is_answered_more_than_now_and_then(
    world: World, body: str
) -> None:
    decide(world, "confirm_by_word", "on")
    asked(world)
    world.limits.can_say = False
    flood(world, body, count=20)
    assert len(world.texts()) == 1


def test_a_text_that_is_delivered_again_is_counted_once(world: World) -> None:
    """As Twilio does while the database is away."""
    sid = world.text("what?")
    for _ in range(30):
        world.text("what?", sid=sid)
    assert password_in(answer(world, "RESET")) == world.mia.password
    assert limits_reached(world) == []
