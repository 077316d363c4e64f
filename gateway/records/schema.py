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


def revision(connection: Connection) -> str | None:
    """The newest migration that has been applied, or None in an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def is_current(connection: Connection) -> bool:
    """Whether every migration that this code knows has been applied.

    A newer one counts as well: during an upgrade the old processes go on with the new tables,
    as migrations first add and only later take away.
    """
    script = ScriptDirectory.from_config(configuration())
    applied = revision(connection)
    known = {revision.revision for revision in script.walk_revisions()}
    return applied is not None and (applied == script.get_current_head() or applied not in known)
