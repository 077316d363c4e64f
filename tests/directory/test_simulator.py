"""The contract on the simulator: it has to behave as a real domain controller does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from directory.accounts import UnlockResult
from simulator.active_directory import Kind
from tests.directory.conftest import Connect
from tests.directory.contract import DirectoryContract, World
from tests.directory.contract.world import filetime
from tests.directory.simulated import Simulation


class TestActiveDirectoryOnSimulator(DirectoryContract):
    """Our adapter against the directory of the demo."""

    @pytest.fixture
    def world(self, simulation: Simulation) -> World:
        """A fresh domain for each test."""
        return simulation


def test_a_lockout_that_has_run_out_is_none(simulation: Simulation, connect: Connect) -> None:
    """lockoutTime stays until the next sign-in; only the computed flags know its duration."""
    user, accounts = simulation.add_user(), connect()
    simulation.set(user, lockoutTime=filetime(timedelta(hours=-1)))
    assert not accounts.read(user).state.locked
    assert accounts.unlock(user) == UnlockResult(was_locked=False, locked=False)
    assert simulation.server.count(Kind.MODIFY) == 0
