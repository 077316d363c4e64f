"""Fixtures for tests of the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.records import schema
from gateway.records.database import Database
from tests.databases import database_url, postgresql
from tests.world import World

__all__ = ["database_url", "postgresql"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A gateway on fakes and a real SQLite file."""
    url = f"sqlite:///{tmp_path}/resetline.db"
    database = Database(url)
    schema.upgrade(database.engine)
    database.close()
    world = World(url)
    yield world
    world.close()


@pytest.fixture
def world_anywhere(database_url: str) -> Iterator[World]:
    """The same, once on SQLite and once on PostgreSQL."""
    world = World(database_url)
    yield world
    world.close()
