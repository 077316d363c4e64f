"""One text and what becomes of it, with every part outside the engine a fake."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from directory.errors import (
    Refusal,
    RightMissing,
)
from gateway.carriers import (
    SendLater,
)
from gateway.records import Phone
from gateway.records.requests import RequestState
from tests.texts import password_in
from tests.world import MIA, SAM, STRANGER, World


def test_reset_is_answered_with_the_password_that_the_directory_has(world_anywhere: World) -> None:
    world = world_anywhere
    world.text("RESET")
    world.work()
    [text] = world.texts()
    assert password_in(text) == world.mia.password
    assert world.mia.must_change
    assert world.states() == [RequestState.SENT]


def test_unlock_unlocks_and_leaves_the_password_alone(world_anywhere: World) -> None:
    world = world_anywhere
    world.mia.locked = True
    world.text("unlock")
    world.work()
    assert not world.mia.locked
    assert world.mia.passwords_set == []
    assert "unlocked" in world.texts()[0]


def test_unlock_of_an_account_that_is_not_locked_says_so(world: World) -> None:
    world.text("UNLOCK")
    world.work()
    assert "not locked" in world.texts()[0]


def test_a_second_delivery_of_the_same_text_changes_nothing(world_anywhere: World) -> None:
    world = world_anywhere
    sid = world.text("RESET")
    world.work()
    world.text("RESET", sid=sid)
    world.work()
    assert len(world.mia.passwords_set) == 1
    assert len(world.texts()) == 1


def test_a_stranger_gets_neither_an_answer_nor_an_effect(world: World) -> None:
    world.text("RESET", sender=STRANGER)
    world.work()
    world.settle()
    assert world.carrier.sent == []
    assert world.requests() == []


def test_a_second_reset_while_one_is_under_way_joins_it(world: World) -> None:
    world.text("RESET")
    world.text("RESET")
    world.work()
    assert len(world.requests()) == 1
    assert len(world.texts()) == 1


def test_another_wish_while_one_is_under_way_is_told_to_wait(world: World) -> None:
    world.text("RESET")
    world.text("UNLOCK")
    (reset, reset_id), (deliver, busy_id) = world.doorbell.take()
    world.functions[deliver](busy_id)
    world.functions[reset](reset_id)
    assert len(world.requests()) == 1
    assert ["working on" in text for text in world.texts()] == [True, False]


def test_nobody_is_told_to_wait_after_the_answer(world: World) -> None:
    world.text("RESET")
    world.text("UNLOCK")
    world.work()
    world.settle()
    assert [password_in(text) for text in world.texts()] == [world.mia.password]


def test_an_older_answer_never_comes_after_a_newer_one(world: World) -> None:
    world.directory.faults = [RightMissing("x")]
    world.carrier.faults = [(SendLater(20429), False)]
    world.text("RESET")
    world.work()
    world.text("RESET")
    world.work()
    world.settle()
    assert [password_in(text) for text in world.texts()] == [world.mia.password]


@pytest.mark.parametrize("word", ["RESET", "UNLOCK"])
def test_a_phone_that_was_taken_away_meanwhile_gets_nothing_done(world: World, word: str) -> None:
    world.mia.locked = True
    world.text(word)
    with world.database.transaction() as session:
        session.execute(update(Phone).values(verified_at=None))
    world.work()
    world.settle()
    assert (world.mia.passwords_set, world.mia.locked) == ([], True)
    assert world.carrier.sent == []
    [request] = world.requests()
    assert (request.state, request.reason) == (RequestState.REFUSED, "phone_shut")


def test_two_people_are_helped_side_by_side(world: World) -> None:
    world.text("RESET", sender=MIA)
    world.text("RESET", sender=SAM)
    world.work()
    assert password_in(world.texts(MIA)[0]) == world.mia.password
    assert password_in(world.texts(SAM)[0]) == world.sam.password


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_changes_nothing_and_only_a_disabled_account_is_named(
    world: World, refusal: Refusal
) -> None:
    world.mia.refusal = refusal
    world.text("RESET")
    world.work()
    [request] = world.requests()
    assert (request.state, request.reason) == (RequestState.REFUSED, refusal)
    assert world.mia.passwords_set == []
    is_named = refusal in {Refusal.DISABLED, Refusal.EXPIRED}
    assert ("disabled or has expired" in world.texts()[0]) == is_named
    assert is_named or "can't be helped by text" in world.texts()[0]


def test_a_request_that_waited_five_minutes_is_not_carried_out(world: World) -> None:
    world.text("RESET")
    world.clock.forward(301)
    world.work()
    assert world.states() == [RequestState.STALE]
    assert world.mia.passwords_set == []
    assert "nothing was changed" in world.texts()[0].lower()


def test_help_and_anything_else_are_answered_without_touching_the_account(world: World) -> None:
    world.text("HELP")
    world.text("good morning")
    world.work()
    assert len(world.texts()) == 2
    assert world.requests() == []


def test_times_are_kept_aware(world_anywhere: World) -> None:
    world_anywhere.text("RESET")
    assert world_anywhere.requests()[0].created_at == world_anywhere.clock()
    assert world_anywhere.requests()[0].created_at.utcoffset() == timedelta(0)
