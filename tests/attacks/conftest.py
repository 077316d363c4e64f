"""Fixtures of the attacks: a whole gateway that asks for words, and its real door."""

from __future__ import annotations

import pytest

from tests.databases import database_url, postgresql
from tests.gateway.cli.conftest import bare, prepared, terminal
from tests.gateway.conftest import world, world_anywhere
from tests.gateway.doors.conftest import door, sqlite_door
from tests.gateway.engine.conversing import decide
from tests.world import World

__all__ = [
    "bare",
    "database_url",
    "door",
    "postgresql",
    "prepared",
    "sqlite_door",
    "terminal",
    "world",
    "world_anywhere",
]


@pytest.fixture
def asking(world: World) -> World:
    """RESET asks for a word, as in every new organization."""
    decide(world, "confirm_by_word", "on")
    return world


@pytest.fixture
def asking_anywhere(world_anywhere: World) -> World:
    """The same, once on SQLite and once on PostgreSQL."""
    decide(world_anywhere, "confirm_by_word", "on")
    return world_anywhere
