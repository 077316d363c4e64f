"""Words that confirm a request, and questions that wait for an answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNCONFIRMED = sa.text("state IN ('awaiting', 'expired')")


def upgrade() -> None:
    _requests()
    op.create_index("ix_outbound_messages_phone_id", "outbound_messages", ["phone_id"])
    op.create_table(
        "questions",
        sa.Column("number_index", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number_index", name=op.f("pk_questions")),
    )
    op.create_index("ix_questions_expires_at", "questions", ["expires_at"])
    _as_before_where_people_are_used_to_it()


def _requests() -> None:
    for column in (
        sa.Column("language", sa.String(length=8), server_default="", nullable=False),
        sa.Column("is_guess", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("word_seed", sa.String(length=64), nullable=True),
        sa.Column("word_tries", BIG, server_default="0", nullable=False),
        sa.Column("word_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("requests", column)
    op.create_index("ix_requests_word_until", "requests", ["word_until"])
    op.create_index(
        "ix_requests_unconfirmed_person_id",
        "requests",
        ["person_id"],
        sqlite_where=UNCONFIRMED,
        postgresql_where=UNCONFIRMED,
    )


def _as_before_where_people_are_used_to_it() -> None:
    """RESET answers with a password at once for organizations that exist today."""
    op.execute(
        "INSERT INTO policies "
        "(scope, scope_id, tenant_id, organization_id, name, value, changed_at) "
        "SELECT 'organization', id, tenant_id, id, 'confirm_by_word', 'off', CURRENT_TIMESTAMP "
        "FROM organizations"
    )
