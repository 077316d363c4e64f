"""The tables that migrations make are the tables that the models describe."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.records import Base, schema
from gateway.records.database import Database
from tests.databases import database_url, postgresql

__all__ = ["database_url", "postgresql"]


def test_migrations_make_what_the_models_describe(database_url: str) -> None:
    database = Database(database_url)
    with database.engine.begin() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
        assert schema.is_current(connection)
    database.close()


def test_upgrading_twice_is_the_same_as_once(database_url: str) -> None:
    database = Database(database_url)
    schema.upgrade(database.engine)
    schema.upgrade(database.engine)
    with database.engine.begin() as connection:
        assert schema.is_current(connection)
    database.close()
