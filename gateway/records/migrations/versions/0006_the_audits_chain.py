"""The audit's chain: a place and a keyed hash for each event, its head and its keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("position", BIG, nullable=True),
        sa.Column("chain", sa.String(length=64), nullable=True),
        sa.Column("chain_key", sa.String(length=16), nullable=True),
    ):
        op.add_column("audit_events", column)
    _index("uq_audit_events_position", "position", "position IS NOT NULL", unique=True)
    _index("ix_audit_events_unsealed", "id", "position IS NULL", unique=False)
    op.create_table(
        "audit_heads",
        sa.Column("id", BIG, nullable=False),
        sa.Column("count", BIG, nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_name", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "audit_keys",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("sealed_key", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_keys")),
        sa.UniqueConstraint("name", name=op.f("uq_audit_keys_name")),
    )


def _index(name: str, column: str, where: str, *, unique: bool) -> None:
    op.create_index(
        name,
        "audit_events",
        [column],
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
