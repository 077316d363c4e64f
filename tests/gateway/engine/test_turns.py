"""Of several clocks one sweeps, and only as long as it is its turn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.engine import clock
from gateway.engine.clock import Turn
from gateway.records import Lease
from tests.world import MIA, SAM, World


@pytest.fixture
def waiting(world: World) -> World:
    """Redis is away, and two people wait for the clock to do the work."""
    world.doorbell.silent = True
    world.text("RESET", MIA)
    world.text("RESET", SAM)
    world.clock.forward(20)
    return world


def answered(world: World) -> int:
    return len(world.texts(MIA)) + len(world.texts(SAM))


def never() -> bool:
    return False


def run_out(world: World) -> None:
    """The clock that holds the lease was killed long enough ago."""
    with world.database.transaction() as session:
        session.execute(update(Lease).values(until=world.clock() - timedelta(days=3650)))


def test_the_clock_whose_turn_it_is_not_does_nothing(waiting: World) -> None:
    first, second = Turn(waiting.database), Turn(waiting.database)
    assert first.take()
    clock.sweep(waiting.sweeps, second, never)
    assert answered(waiting) == 0
    clock.sweep(waiting.sweeps, first, never)
    assert answered(waiting) == 2


def test_a_clock_that_was_killed_is_replaced(waiting: World) -> None:
    first, second = Turn(waiting.database), Turn(waiting.database)
    assert first.take()
    run_out(waiting)
    clock.sweep(waiting.sweeps, second, never)
    assert answered(waiting) == 2


def test_a_clock_that_is_overtaken_in_a_long_sweep_leaves_the_rest_to_the_next(
    waiting: World,
) -> None:
    first, second = Turn(waiting.database), Turn(waiting.database)
    original = waiting.directory.find

    def slowly(username: str) -> object:
        waiting.directory.find = original  # type: ignore[method-assign]
        run_out(waiting)
        assert second.take()
        return original(username)

    waiting.directory.find = slowly  # type: ignore[method-assign,assignment]
    clock.sweep(waiting.sweeps, first, never)
    assert answered(waiting) == 1
    waiting.clock.forward(20)
    clock.sweep(waiting.sweeps, second, never)
    assert answered(waiting) == 2


def test_a_clock_that_is_told_to_stop_ends_what_it_has_in_hand_and_no_more(
    waiting: World,
) -> None:
    clock.sweep(waiting.sweeps, Turn(waiting.database), lambda: answered(waiting) > 0)
    assert answered(waiting) == 1
