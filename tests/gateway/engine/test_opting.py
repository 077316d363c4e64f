"""STOP and START, whoever answers them: the carrier or we."""

from __future__ import annotations

from gateway.carriers import (
    RecipientOptedOut,
)
from gateway.engine.inbound import OptOutType
from tests.world import World


def test_a_stop_that_overtakes_a_reset_leaves_the_password_alone(world: World) -> None:
    world.text("RESET")
    world.text("STOP")
    world.work()
    assert world.mia.passwords_set == []


def test_stop_is_kept_silently_and_nothing_is_changed_after_it(world: World) -> None:
    world.text("STOP")
    world.text("RESET")
    world.work()
    world.settle()
    assert world.carrier.sent == []
    assert world.mia.passwords_set == []


def test_start_brings_the_texts_back(world: World) -> None:
    world.text("STOP")
    world.text("START")
    world.text("RESET")
    world.work()
    assert len(world.texts()) == 1


def test_a_stop_that_only_the_carrier_knows_is_remembered_too(world: World) -> None:
    world.carrier.faults = [(RecipientOptedOut(21610), False)]
    world.text("HELP")
    world.work()
    world.text("RESET")
    world.work()
    assert world.mia.passwords_set == []


def test_a_word_that_the_carrier_answered_is_not_answered_twice(world: World) -> None:
    world.text("HELP", opt_out_type=OptOutType.HELP)
    world.text("ARRETER", opt_out_type=OptOutType.STOP)
    world.text("RESET")
    world.work()
    assert world.carrier.sent == []
    assert world.mia.passwords_set == []
