"""Nobody is left: reports by our own id, polling, second copies, unused one-time passwords."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "password_version",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("scramble_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_requests_scramble_at", ["scramble_at"], unique=False)
    with op.batch_alter_table("outbound_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("poll_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_outbound_messages_poll_at", ["poll_at"], unique=False)
    op.create_table(
        "stray_texts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sid", sa.String(length=34), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redact_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stray_texts")),
        sa.UniqueConstraint("sid", name=op.f("uq_stray_texts_sid")),
    )
    op.create_index("ix_stray_texts_redact_at", "stray_texts", ["redact_at"], unique=False)


def downgrade() -> None:
    op.drop_table("stray_texts")
    with op.batch_alter_table("outbound_messages", schema=None) as batch_op:
        batch_op.drop_index("ix_outbound_messages_poll_at")
        batch_op.drop_column("poll_at")
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_index("ix_requests_scramble_at")
        batch_op.drop_column("scramble_at")
        batch_op.drop_column("password_version")
