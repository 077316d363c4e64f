"""`resetline db`: the database's tables."""

from __future__ import annotations

import click

from gateway.cli import storage
from gateway.records import schema
from gateway.records.database import Database
from gateway.settings import DatabaseSettings


@click.group()
def db() -> None:
    """Create the database's tables, or bring them up to date."""


@db.command()
def upgrade() -> None:
    """Apply every migration that has not been applied yet. Safe to run again at any time."""
    with storage.reached(storage.read_settings(DatabaseSettings)) as database:
        before, current = _state(database)
        if not current:
            schema.upgrade(database.engine)
        after, _ = _state(database)
        click.echo(_what_happened(before, after))


def _state(database: Database) -> tuple[str | None, bool]:
    """The version, and whether nothing is left to do: a newer version is as good."""
    with database.transaction() as session:
        connection = session.connection()
        return schema.revision(connection), schema.is_current(connection)


def _what_happened(before: str | None, after: str | None) -> str:
    if before == after:
        return f"Nothing to do: the database is up to date (version {after})."
    if before is None:
        return f"Created the tables (version {after})."
    return f"Upgraded the database from version {before} to {after}."
