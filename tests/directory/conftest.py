"""What the tests of directories share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from directory.active_directory import ActiveDirectory
from simulator.active_directory import ActiveDirectoryServer
from tests.directory.peers import Clock
from tests.directory.simulated import Simulation

pytest.register_assert_rewrite("tests.directory.contract")

HASTY = {"connect_timeout_seconds": 1, "receive_timeout_seconds": 1, "deadline_seconds": 4}
"""For tests in which something never answers."""

Connect = Callable[..., ActiveDirectory]


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    """A simulated domain with a running server."""
    simulated = Simulation()
    with simulated.server:
        yield simulated


@pytest.fixture
def second(simulation: Simulation) -> Iterator[ActiveDirectoryServer]:
    """Another domain controller of the same domain."""
    with simulation.another_server() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    """Stands beside the real one, and can be turned forward."""
    return Clock()


@pytest.fixture
def connect(simulation: Simulation, clock: Clock) -> Iterator[Connect]:
    """Connects to the simulation, and hangs up at the end."""
    with ExitStack() as opened:

        def connected(**changes: Any) -> ActiveDirectory:
            accounts = ActiveDirectory(simulation.settings(**changes), clock=clock)
            return opened.enter_context(closing(accounts))

        yield connected
