"""Invitations, proofs of numbers, consents and policies, and what people are held back by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _columns()
    _invitations()
    _proofs()
    _consents()
    _policies()


def _columns() -> None:
    """The version before writes these rows as well, and knows nothing of what is new."""
    for name in ("suspended_at", "frozen_at", "invited_at", "used_at", "reset_held_until"):
        op.add_column("people", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "people",
        sa.Column("suspended_for", sa.String(length=12), server_default="", nullable=False),
    )
    op.create_index(
        "ix_people_organization_id_account_guid", "people", ["organization_id", "account_guid"]
    )
    op.add_column("phones", sa.Column("forget_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_phones_forget_at", "phones", ["forget_at"])
    op.add_column("outbound_messages", sa.Column("proof_id", BIG, nullable=True))
    op.create_index(
        "ix_outbound_messages_proof_id",
        "outbound_messages",
        ["proof_id"],
        sqlite_where=sa.text("proof_id IS NOT NULL"),
        postgresql_where=sa.text("proof_id IS NOT NULL"),
    )


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", BIG, nullable=False),
        sa.Column("tenant_id", BIG, nullable=False),
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminders", BIG, nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("identified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("identified_by", sa.String(length=12), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_for", sa.String(length=12), nullable=False),
        _of("invitations", "tenant_id", "tenants"),
        _of("invitations", "organization_id", "organizations"),
        _of("invitations", "person_id", "people", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
    )
    op.create_index("ix_invitations_tenant_id", "invitations", ["tenant_id"])
    op.create_index("ix_invitations_person_id", "invitations", ["person_id"])
    op.create_index("ix_invitations_remind_at", "invitations", ["remind_at"])
    _one_alive("invitations")


def _proofs() -> None:
    op.create_table(
        "proofs",
        sa.Column("id", BIG, nullable=False),
        sa.Column("tenant_id", BIG, nullable=False),
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("invitation_id", BIG, nullable=False),
        sa.Column("phone_id", BIG, nullable=False),
        sa.Column("seed", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sends", BIG, nullable=False),
        sa.Column("wrong", BIG, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_for", sa.String(length=12), nullable=False),
        _of("proofs", "tenant_id", "tenants"),
        _of("proofs", "organization_id", "organizations"),
        _of("proofs", "person_id", "people", ondelete="CASCADE"),
        _of("proofs", "invitation_id", "invitations", ondelete="CASCADE"),
        _of("proofs", "phone_id", "phones", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proofs")),
    )
    op.create_index("ix_proofs_tenant_id", "proofs", ["tenant_id"])
    op.create_index("ix_proofs_invitation_id", "proofs", ["invitation_id"])
    op.create_index("ix_proofs_phone_id", "proofs", ["phone_id"])
    _one_alive("proofs")


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", BIG, nullable=False),
        sa.Column("tenant_id", BIG, nullable=False),
        sa.Column("organization_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("sealed_number", sa.Text(), nullable=False),
        sa.Column("number_index", sa.String(length=64), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("wording", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        _of("consents", "tenant_id", "tenants"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    for column in ("tenant_id", "person_id", "number_index"):
        op.create_index(f"ix_consents_{column}", "consents", [column])


def _policies() -> None:
    """Nobody who can help themselves today is shut out by the upgrade for want of an email."""
    op.create_table(
        "policies",
        sa.Column("id", BIG, nullable=False),
        sa.Column("scope", sa.String(length=12), nullable=False),
        sa.Column("scope_id", BIG, nullable=False),
        sa.Column("tenant_id", BIG, nullable=False),
        sa.Column("organization_id", BIG, nullable=True),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=400), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        _of("policies", "tenant_id", "tenants"),
        _of("policies", "organization_id", "organizations", ondelete="CASCADE"),
        _of("policies", "person_id", "people", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint(
            "scope", "scope_id", "name", name=op.f("uq_policies_scope_scope_id_name")
        ),
    )
    for column in ("tenant_id", "organization_id", "person_id"):
        op.create_index(f"ix_policies_{column}", "policies", [column])
    op.execute(
        "INSERT INTO policies "
        "(scope, scope_id, tenant_id, organization_id, name, value, changed_at) "
        "SELECT 'organization', id, tenant_id, id, 'email_required', 'off', CURRENT_TIMESTAMP "
        "FROM organizations"
    )


def _of(
    table: str, column: str, other: str, *, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def _one_alive(table: str) -> None:
    alive = sa.text("ended_at IS NULL")
    op.create_index(
        f"uq_{table}_alive_person_id",
        table,
        ["person_id"],
        unique=True,
        sqlite_where=alive,
        postgresql_where=alive,
    )
