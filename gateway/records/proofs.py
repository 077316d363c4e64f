"""Proofs of a number: the code that was texted to it, how often it was tried, and how it ended."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from gateway.records.base import Base, Id
from gateway.records.invitations import Invitation
from gateway.records.phones import Phone


class ProofEnd(StrEnum):
    """What became of a code."""

    PROVED = "proved"
    WRONG = "wrong"
    NEWER = "newer"
    UNSENT = "unsent"


_ALIVE_SQL = text("ended_at IS NULL")


class Proof(Base):
    """One code for one number of one person. The code itself is kept nowhere.

    It is a keyed hash of `seed`, which is 128 random bits: made anew whenever it is texted or
    compared, and of no use to whoever has the database without SECRET_KEYS.
    """

    __tablename__ = "proofs"
    __table_args__ = (
        Index(
            "uq_proofs_alive_person_id",
            "person_id",
            unique=True,
            sqlite_where=_ALIVE_SQL,
            postgresql_where=_ALIVE_SQL,
        ),
        Index("ix_proofs_invitation_id", "invitation_id"),
        Index("ix_proofs_phone_id", "phone_id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"))
    phone_id: Mapped[int] = mapped_column(ForeignKey("phones.id", ondelete="CASCADE"))
    seed: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    sent_at: Mapped[datetime]
    """When it was last put into the outbox."""
    sends: Mapped[int] = mapped_column(default=1)
    wrong: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
    ended_for: Mapped[str] = mapped_column(String(12), default="")

    phone: Mapped[Phone] = relationship()


def open_proof(session: Session, invitation_id: int) -> Proof | None:
    """The one of this link that has not ended; its code may be too old."""
    return session.scalar(
        select(Proof).where(Proof.invitation_id == invitation_id, Proof.ended_at.is_(None))
    )


def newest_proof(session: Session, invitation_id: int) -> Proof | None:
    """The last one of this link, whatever became of it, with its phone."""
    return session.scalar(
        select(Proof)
        .where(Proof.invitation_id == invitation_id)
        .order_by(Proof.id.desc())
        .limit(1)
        .options(joinedload(Proof.phone))
    )


def awaiting_approval(session: Session, organization_id: int) -> set[int]:
    """Who of an organization has proved a number that the MSP has to attest, by their ids."""
    proved = select(Proof.person_id).join(Invitation, Proof.invitation_id == Invitation.id)
    alive = Invitation.ended_at.is_(None), Proof.ended_for == ProofEnd.PROVED
    return set(session.scalars(proved.where(Proof.organization_id == organization_id, *alive)))
