"""A person is one account of one organization; what may be done for them is kept here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint, Uuid, bindparam, case, select
from sqlalchemy.orm import (
    Mapped,
    Session,
    mapped_column,
    relationship,
    selectinload,
    validates,
)

from gateway.records.about import About
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
    mail_problem: Mapped[str] = mapped_column(String(40), default="", server_default="")
    """Why the last mail to them was refused for good; empty since the next one was taken."""
    language: Mapped[str] = mapped_column(String(8), default="")
    self_serve: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    organization: Mapped[Organization] = relationship()
    phones: Mapped[list[Phone]] = relationship(
        back_populates="person", order_by="Phone.id", cascade="all, delete-orphan"
    )

    @validates("email")
    def _forget_problem(self, _name: str, email: str) -> str:
        """What was wrong with the address before is not held against another one."""
        if email != self.email:
            self.mail_problem = ""
        return email


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


@dataclass(frozen=True, slots=True)
class Sender:
    """A verified phone that a text may have come from, and the person whom it speaks for."""

    phone_id: int
    tenant_id: int
    organization_id: int
    person_id: int
    username: str
    self_serve: bool
    opted_out_at: datetime | None
    language: str

    @property
    def about(self) -> About:
        return About(self.tenant_id, self.organization_id, self.person_id)


def senders(session: Session, number_indexes: Sequence[str]) -> Sequence[Sender]:
    """Whom the holder of a number may speak for, by its index under each key."""
    found = session.connection().execute(_SENDERS, {"indexes": list(number_indexes)})
    return [Sender(*row) for row in found]


LANGUAGE: Final = case((Person.language != "", Person.language), else_=Organization.language)
"""The language to write to a person in, where the organization is joined in."""

_SENDERS: Final = (
    select(
        Phone.id,
        Person.tenant_id,
        Person.organization_id,
        Person.id,
        Person.username,
        Person.self_serve,
        Phone.opted_out_at,
        LANGUAGE,
    )
    .join_from(Phone, Person)
    .join(Organization)
    .where(
        Phone.number_index.in_(bindparam("indexes", expanding=True)),
        Phone.verified_at.is_not(None),
    )
    .order_by(Phone.id)
)
