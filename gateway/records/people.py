"""A person is one account of one organization; what may be done for them is kept here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint, Uuid, select
from sqlalchemy.orm import (
    Mapped,
    Session,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)

from gateway.records.base import Base, Id
from gateway.records.organizations import Organization
from gateway.records.phones import Phone


class Person(Base):
    """`username` is the logon name as imported; `account_guid` is learnt at the first look-up."""

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("organization_id", "username_key"),)

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    username: Mapped[str] = mapped_column(String(256))
    username_key: Mapped[str] = mapped_column(String(256))
    account_guid: Mapped[UUID | None] = mapped_column(Uuid)
    display_name: Mapped[str] = mapped_column(String(256), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    self_serve: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    organization: Mapped[Organization] = relationship()
    phones: Mapped[list[Phone]] = relationship(
        back_populates="person", order_by="Phone.id", cascade="all, delete-orphan"
    )


def people_of(session: Session, organization: Organization) -> Sequence[Person]:
    return session.scalars(
        select(Person)
        .where(Person.organization_id == organization.id)
        .order_by(Person.username_key)
        .options(selectinload(Person.phones))
    ).all()


def person_by_username(
    session: Session, organization: Organization, username: str
) -> Person | None:
    return session.scalar(
        select(Person).where(
            Person.organization_id == organization.id,
            Person.username_key == username.casefold(),
        )
    )


def verified_phones(session: Session, number_indexes: Sequence[str]) -> Sequence[Phone]:
    """The phones that a sender may speak for, with their people and organizations."""
    return session.scalars(
        select(Phone)
        .where(Phone.number_index.in_(number_indexes), Phone.verified_at.is_not(None))
        .options(joinedload(Phone.person).joinedload(Person.organization))
        .order_by(Phone.id)
    ).all()
