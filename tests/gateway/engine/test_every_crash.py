"""A reset survives a crash at any point, and a second one at any point of the second attempt."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from gateway.records.requests import RequestState
from tests.databases import fresh_sqlite
from tests.fakes import Crash
from tests.gateway.engine.test_any_story import MEMORY
from tests.texts import password_in
from tests.world import World

MakeWorld = Callable[[], World]


@pytest.fixture(scope="module")
def make_world() -> Iterator[MakeWorld]:
    """One fresh world after another, hundreds of them, in memory: only our process crashes."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        world = World(fresh_sqlite(Path(folder)))

        def make() -> World:
            world.begin_anew()
            return world

        yield make
        world.close()


def crash_at(world: World, point: int, act: Callable[[], None]) -> bool:
    """Die at the so-manieth point from here. False if there was no such point any more."""
    world.failpoints.passed, world.failpoints.dies_at = 0, point
    try:
        act()
    except Crash:
        world.restarted()
        return True
    finally:
        world.failpoints.dies_at = None
    return False


def next_attempt(world: World) -> None:
    """The dead worker's lease runs out and another takes over."""
    world.clock.forward(35)
    world.sweeps.run()
    world.work()


def arrive(world: World, body: str, sid: str) -> None:
    world.text(body, sid=sid)


def check_the_truth(world: World) -> None:
    """The person's last text holds the directory's password, or says that nothing changed."""
    texts = world.texts()
    assert texts, "no answer at all"
    last = texts[-1]
    if "nothing was changed" in last.lower():
        assert world.mia.passwords_set == []
        return
    assert len(set(world.mia.passwords_set)) <= 1
    assert {password_in(text) for text in texts} >= set(world.mia.passwords_set)
    if world.mia.passwords_set:
        assert password_in(last) == world.mia.password
    assert RequestState.APPLYING not in world.states()


def test_one_crash_anywhere_still_ends_in_one_true_answer(make_world: MakeWorld) -> None:
    points = 0
    while True:
        world = make_world()
        world.text("RESET")
        crashed = crash_at(world, points + 1, world.work)
        world.settle(120, step=15)
        check_the_truth(world)
        assert password_in(world.texts()[-1]) == world.mia.password
        if not crashed:
            break
        points += 1
    assert points >= 12


def test_two_crashes_and_a_directory_that_goes_away_never_end_in_a_lie(
    make_world: MakeWorld,
) -> None:
    """The case that a password made anew at each attempt fails: text P2, directory P1."""
    first, crashed = 0, True
    while crashed:
        first, second, crashed_again = first + 1, 0, True
        while crashed_again:
            second += 1
            world = make_world()
            world.text("RESET")
            crashed = crash_at(world, first, world.work)
            crashed_again = crash_at(world, second, partial(next_attempt, world))
            world.directory.is_away = True
            world.settle(9 * 60, step=60)
            check_the_truth(world)


def test_a_crash_while_unlocking_still_ends_unlocked_and_told(make_world: MakeWorld) -> None:
    point, crashed = 0, True
    while crashed:
        point += 1
        world = make_world()
        world.mia.locked = True
        world.text("UNLOCK")
        crashed = crash_at(world, point, world.work)
        world.settle(120, step=15)
        assert not world.mia.locked
        assert "is unlocked" in world.texts()[-1]


@pytest.mark.parametrize("body", ["RESET", "HELP"])
def test_a_crash_while_receiving_is_mended_by_the_carriers_second_try(
    make_world: MakeWorld, body: str
) -> None:
    point, crashed = 0, True
    while crashed:
        point += 1
        world = make_world()
        sid = "SM" + "0" * 32
        crashed = crash_at(world, point, partial(arrive, world, body, sid))
        world.text(body, sid=sid)
        world.settle(60)
        assert len(world.texts()) == 1
