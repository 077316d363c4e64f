"""Brings the database's tables to the newest form, and tells whether they are there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

MIGRATIONS = Path(__file__).parent / "migrations"


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def upgrade(engine: Engine) -> None:
    """Apply every migration that has not been applied yet. Safe to run again."""
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(connection: Connection) -> bool:
    """Whether the newest migration has been applied."""
    newest = ScriptDirectory.from_config(configuration()).get_current_head()
    return revision(connection) == newest


def revision(connection: Connection) -> str | None:
    """The newest migration that has been applied, or None where there are no tables yet."""
    return MigrationContext.configure(connection).get_current_revision()
