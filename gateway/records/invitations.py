"""Invitations to enrol: one link by email, alive until it is used, replaced, revoked or too old."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection, ForeignKey, Index, String, event, inspect, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from gateway.records.base import Base, Id, did_change, table_of
from gateway.records.people import Person


class Purpose(StrEnum):
    """What a link is good for; it is signed into the link as well."""

    ACTIVATION = "activation"
    NEW_NUMBER = "new_number"


class InvitationEnd(StrEnum):
    """Why a link works no more, before its time was over."""

    USED = "used"
    NEWER = "newer"
    REVOKED = "revoked"
    SUSPENDED = "suspended"


class Identified(StrEnum):
    """What has shown whose link it is; the MSP's word is not had by a password."""

    PASSWORD = "password"  # noqa: S105  (a name)
    OPERATOR = "operator"


_ALIVE_SQL = text("ended_at IS NULL")


class Invitation(Base):
    """At most one of a person's has not ended. Its link is made when its mail is written."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index(
            "uq_invitations_alive_person_id",
            "person_id",
            unique=True,
            sqlite_where=_ALIVE_SQL,
            postgresql_where=_ALIVE_SQL,
        ),
        Index("ix_invitations_person_id", "person_id"),
        Index("ix_invitations_remind_at", "remind_at"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(12))
    nonce: Mapped[str] = mapped_column(String(32))
    """128 random bits, signed into the link: an id alone that is given out twice opens nothing."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    reminders: Mapped[int] = mapped_column(default=0)
    """How many reminders have led to this one."""
    remind_at: Mapped[datetime | None]
    """When the clock sends the next reminder; None for no more."""
    asked_at: Mapped[datetime | None]
    """When a fresh link was asked for with this one, or was due as this one had to end."""
    identified_at: Mapped[datetime | None]
    """When it was proved whose link it is, where the policy asks for more than the mail."""
    identified_by: Mapped[str] = mapped_column(String(12), default="")
    """By what; see Identified."""
    ended_at: Mapped[datetime | None]
    ended_for: Mapped[str] = mapped_column(String(12), default="")

    person: Mapped[Person] = relationship()


def open_invitation(session: Session, person_id: int) -> Invitation | None:
    """The one that has not ended; it may be too old."""
    return session.scalar(
        select(Invitation).where(Invitation.person_id == person_id, Invitation.ended_at.is_(None))
    )


def end_invitations(session: Session, person_id: int, why: InvitationEnd, now: datetime) -> bool:
    """Let no link of a person's work any more: whether there was one."""
    return did_change(
        session,
        update(Invitation)
        .where(Invitation.person_id == person_id, Invitation.ended_at.is_(None))
        .values(ended_at=now, ended_for=why, remind_at=None),
    )


def ask_anew_after_suspension(session: Session, person_id: int, now: datetime) -> None:
    """Whoever was suspended before they had enrolled gets a fresh link, as they are back."""
    newest = session.scalar(
        select(Invitation)
        .where(Invitation.person_id == person_id)
        .order_by(Invitation.id.desc())
        .limit(1)
    )
    is_due = newest is not None and newest.ended_for == InvitationEnd.SUSPENDED
    if newest and is_due and newest.purpose == Purpose.ACTIVATION:
        newest.remind_at = newest.asked_at = now


@event.listens_for(Person, "after_update")
def _end_with_the_address(_mapper: object, connection: Connection, person: Person) -> None:
    """A link that went to another address than that on record now may be in a wrong mailbox.

    Who has not enrolled yet gets a fresh one at the new address: it is due at once.
    """
    history = inspect(person).attrs.email.history
    if history.has_changes() and any(history.deleted):
        invitations, now = table_of(Invitation), datetime.now(UTC)
        ended = {"ended_at": now, "ended_for": InvitationEnd.NEWER}
        is_activation = invitations.c.purpose == Purpose.ACTIVATION
        alive = update(invitations).where(
            invitations.c.person_id == person.id, invitations.c.ended_at.is_(None)
        )
        due = {"remind_at": invitations.c.created_at, "asked_at": now}
        connection.execute(alive.where(is_activation).values({**ended, **due}))
        connection.execute(alive.values({**ended, "remind_at": None}))
