"""A person's recovery phones: sealed at rest, found by a keyed hash, usable once verified."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from gateway.records.base import Base, Id

if TYPE_CHECKING:
    from gateway.records.people import Person


PROVED: Final = frozenset({"code", "operator"})
"""Who vouches for a number that its holder has proved: they themselves, or an operator for them."""


class Phone(Base):
    """`verified_by` says who vouches: `import` (the organization) `code` (proved) or `operator`."""

    __tablename__ = "phones"
    __table_args__ = (
        UniqueConstraint("person_id", "number_index"),
        Index("ix_phones_forget_at", "forget_at"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    sealed_number: Mapped[str] = mapped_column(Text)
    number_index: Mapped[str] = mapped_column(String(64), index=True)
    verified_at: Mapped[datetime | None]
    verified_by: Mapped[str] = mapped_column(String(20), default="")
    opted_out_at: Mapped[datetime | None]
    forget_at: Mapped[datetime | None]
    """When the clock forgets it: a number that was not proved, or that another has replaced."""
    replaced_at: Mapped[datetime | None]
    """When its owner's place was taken by another number; while it is kept, NOTME works from it."""
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship(back_populates="phones")


def opted_out_since(session: Session) -> dict[str, datetime]:
    """When each number that has texted STOP did so, by its index: it holds for all its people."""
    rows = session.execute(
        select(Phone.number_index, Phone.opted_out_at).where(Phone.opted_out_at.is_not(None))
    )
    return {index: since for index, since in rows if since}
