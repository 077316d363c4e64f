"""Somebody who texts in another's name: they write to us, and never see what we answer."""

from __future__ import annotations

from collections.abc import Iterable

from tests.world import MIA, World

SWEPT_EVERY = 600


def forge(world: World, bodies: Iterable[str], *, every: float = 0, sender: str = MIA) -> None:
    """Text after text in somebody's name, so many seconds apart, while workers and clock run."""
    swept = world.clock()
    for body in bodies:
        world.text(body, sender)
        world.work()
        world.clock.forward(every)
        if (world.clock() - swept).total_seconds() >= SWEPT_EVERY:
            world.sweeps.run()
            world.work()
            swept = world.clock()
