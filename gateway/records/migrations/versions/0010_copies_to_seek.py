"""When the carrier is asked for copies of a text that nobody has told us of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "outbound_messages", sa.Column("seek_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "ix_outbound_messages_seek_at",
        "outbound_messages",
        ["seek_at"],
        sqlite_where=sa.text("seek_at IS NOT NULL"),
        postgresql_where=sa.text("seek_at IS NOT NULL"),
    )
