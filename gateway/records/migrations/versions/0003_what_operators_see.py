"""What operators see: heartbeats, tallies, and indexes for looking requests up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "tallies",
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("event", "reason", name=op.f("pk_tallies")),
    )
    op.create_table(
        "tally_marks",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("upto", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tally_marks")),
    )
    op.create_index("ix_requests_created_at", "requests", ["created_at"])
    op.create_index("ix_requests_organization_id_id", "requests", ["organization_id", "id"])
    op.create_index("ix_audit_events_request_id", "audit_events", ["request_id"])
    _count_what_has_happened()


def _count_what_has_happened() -> None:
    """Once, and here: a scrape would have to count a long history again and again until then."""
    op.execute(
        "INSERT INTO tallies (event, reason, count) "
        "SELECT event, told, count(*) FROM "
        "(SELECT event, CASE WHEN mode = 'sms' THEN reason ELSE '' END AS told "
        "FROM audit_events) AS events GROUP BY event, told"
    )
    op.execute(
        "INSERT INTO tally_marks (name, upto) "
        "SELECT 'events', coalesce(max(id), 0) FROM audit_events"
    )
