"""STOP is kept by number, so that it outlives the phone that texted it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "opt_outs",
        sa.Column("id", BIG, nullable=False),
        sa.Column("number_index", sa.String(length=64), nullable=False),
        sa.Column("sealed_number", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_outs")),
    )
    op.create_index("ix_opt_outs_number_index", "opt_outs", ["number_index"])
    op.execute(
        "INSERT INTO opt_outs (number_index, sealed_number, since) "
        "SELECT number_index, MAX(sealed_number), MIN(opted_out_at) FROM phones "
        "WHERE opted_out_at IS NOT NULL GROUP BY number_index"
    )
