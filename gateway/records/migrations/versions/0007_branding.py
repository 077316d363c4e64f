"""Branding: how tenants and organizations look, and what stands in the way of a person's mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "logos",
        sa.Column("id", BIG, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("width", BIG, nullable=False),
        sa.Column("height", BIG, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logos")),
        sa.UniqueConstraint("digest", name=op.f("uq_logos_digest")),
    )
    for table in ("tenants", "organizations"):
        _text(table, "color", 7)
        _text(table, "terms_url", 500)
        _text(table, "privacy_url", 500)
        logo = sa.Column("logo_id", BIG, sa.ForeignKey("logos.id"), nullable=True)
        op.add_column(table, logo, inline_references=True)
    _text("tenants", "support", 20)
    _text("tenants", "mail_from", 320)
    _text("people", "mail_problem", 40)
    op.add_column("mails", sa.Column("invitation_id", BIG, nullable=True))


def _text(table: str, name: str, length: int) -> None:
    """With a default of the database's own: the release before this one goes on adding rows."""
    column = sa.Column(name, sa.String(length=length), nullable=False, server_default="")
    op.add_column(table, column)
