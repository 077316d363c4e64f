"""Alembic's entry point: it migrates on the connection that `schema.upgrade` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from gateway.records import Base
from gateway.records.base import UtcDateTime


def _plain(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """A migration names the database's own type: our class may change after it was written."""
    return (
        "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False
    )


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_plain,
)
with context.begin_transaction():
    context.run_migrations()
