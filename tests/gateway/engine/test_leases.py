"""Whoever holds a request or a text works alone; what was left lying the clock rings for."""

from __future__ import annotations

from tests.texts import password_in
from tests.world import World


def test_without_redis_the_clock_does_the_work(world: World) -> None:
    world.doorbell.silent = True
    world.text("RESET")
    world.settle(10)
    assert password_in(world.texts()[0]) == world.mia.password


def test_a_text_whose_ring_was_lost_is_answered_by_the_sweep(world: World) -> None:
    world.text("RESET")
    world.doorbell.take()
    world.settle(10)
    assert len(world.texts()) == 1


def test_a_worker_that_was_overtaken_changes_nothing_more(world: World) -> None:
    """It is stopped in the directory until its lease has gone and another has finished."""
    world.text("RESET")
    [(_, request_id)] = world.doorbell.take()
    original = world.directory.find

    def stopped_meanwhile(username: str) -> object:
        world.directory.find = original  # type: ignore[method-assign]
        world.clock.forward(31)
        world.performer.perform(request_id)
        return original(username)

    world.directory.find = stopped_meanwhile  # type: ignore[method-assign,assignment]
    world.performer.perform(request_id)
    assert len(world.mia.passwords_set) == 1
    assert password_in(world.texts()[0]) == world.mia.password
    assert len(world.texts()) == 1


def test_a_lease_keeps_a_second_worker_away(world: World) -> None:
    world.text("RESET")
    [(job, request_id)] = world.doorbell.take()
    original = world.directory.find

    def meanwhile(username: str) -> object:
        world.directory.find = original  # type: ignore[method-assign]
        world.functions[job](request_id)
        return original(username)

    world.directory.find = meanwhile  # type: ignore[method-assign,assignment]
    world.functions[job](request_id)
    assert len(world.texts()) == 1
