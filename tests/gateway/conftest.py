"""Fixtures for tests of the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import database_url, fresh_sqlite, postgresql
from tests.world import World

__all__ = ["database_url", "postgresql"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A gateway on fakes and a real SQLite file."""
    world = World(fresh_sqlite(tmp_path))
    yield world
    world.close()


@pytest.fixture
def world_anywhere(database_url: str) -> Iterator[World]:
    """The same, once on SQLite and once on PostgreSQL."""
    world = World(database_url)
    yield world
    world.close()
