"""Copies of a text that only the carrier knows of are found there, and emptied like any other."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from gateway.carriers import CarrierError, SendLater, SendUnknown
from gateway.records import Phone, Request, StrayText
from gateway.records.forgetting import forget_phone
from tests.fakes import Crash, SentText
from tests.world import SAM, World

HALF_AN_HOUR = 30 * 60


def die(_text: SentText) -> None:
    raise Crash


def killed_once_taken(world: World) -> None:
    """The carrier has taken the text when the worker dies, and no report of it ever comes."""
    world.text("RESET")
    world.carrier.on_send = die
    with pytest.raises(Crash):
        world.work()
    world.carrier.on_send = lambda _text: None
    world.restarted()


def answered_with(world: World, error: CarrierError, *, taken: bool) -> None:
    world.carrier.faults = [(error, taken)]
    world.text("RESET")
    world.work()


def forgotten(world: World) -> bool:
    with world.database.transaction() as session:
        phone = session.scalars(select(Phone).join(Request)).one()
        return forget_phone(session, phone)


def strays(world: World) -> list[str]:
    with world.database.transaction() as session:
        return list(session.scalars(select(StrayText.sid).order_by(StrayText.id)))


def all_sids(world: World) -> set[str]:
    return {text.sid for text in world.carrier.sent}


def test_the_copy_of_a_sender_that_was_killed_is_emptied(world: World) -> None:
    killed_once_taken(world)
    world.settle(HALF_AN_HOUR, step=30)
    assert len(world.carrier.sent) == 2
    assert set(world.carrier.redacted) == all_sids(world)
    assert strays(world) == [world.carrier.sent[0].sid]


def test_it_is_emptied_within_minutes(world: World) -> None:
    killed_once_taken(world)
    world.settle(120, step=10)
    assert world.carrier.sent[0].sid in world.carrier.redacted


def test_the_copy_of_a_text_whose_answer_was_lost_is_emptied(world: World) -> None:
    answered_with(world, SendUnknown(), taken=True)
    world.settle(HALF_AN_HOUR, step=30)
    assert len(world.carrier.sent) == 2
    assert set(world.carrier.redacted) == all_sids(world)


def test_so_are_all_copies_of_a_text_that_was_given_up(world: World) -> None:
    world.carrier.faults = [(SendUnknown(), True)] * 4
    world.text("HELP")
    world.settle(HALF_AN_HOUR, step=30)
    assert len(world.carrier.sent) == 4
    assert set(world.carrier.redacted) == all_sids(world)


@pytest.mark.parametrize("later", [True, False])
def test_a_text_whose_every_outcome_is_known_is_not_asked_for(world: World, *, later: bool) -> None:
    if later:
        answered_with(world, SendLater(20429), taken=False)
    else:
        world.text("RESET")
    world.settle(HALF_AN_HOUR, step=30)
    assert world.texts()
    assert world.carrier.asked_for_copies == 0


def test_other_texts_of_ours_are_no_strays(world: World) -> None:
    killed_once_taken(world)
    world.text("HELP")
    world.text("HELP", SAM)
    world.settle(HALF_AN_HOUR, step=30)
    assert strays(world) == [world.carrier.sent[0].sid]


def test_a_carrier_that_does_not_tell_is_asked_until_it_does(world: World) -> None:
    killed_once_taken(world)
    world.carrier.keeps_to_itself = True
    world.settle(4 * HALF_AN_HOUR, step=120)
    assert strays(world) == []
    world.carrier.keeps_to_itself = False
    world.settle(2 * HALF_AN_HOUR, step=120)
    assert set(world.carrier.redacted) == all_sids(world)


def test_the_number_is_not_forgotten_before_its_copies_are_found(world: World) -> None:
    killed_once_taken(world)
    world.carrier.keeps_to_itself = True
    world.settle(20 * 60, step=30)
    assert not forgotten(world)
    world.carrier.keeps_to_itself = False
    world.settle(2 * HALF_AN_HOUR, step=120)
    assert forgotten(world)


def test_it_is_asked_seldom_and_then_no_more(world: World) -> None:
    killed_once_taken(world)
    world.settle(HALF_AN_HOUR, step=30)
    asked = world.carrier.asked_for_copies
    assert 3 <= asked <= 7
    world.settle(HALF_AN_HOUR, step=30)
    assert world.carrier.asked_for_copies == asked
