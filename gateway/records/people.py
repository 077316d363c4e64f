"""A person is one account of one organization; what may be done for them is kept here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    Uuid,
    and_,
    bindparam,
    case,
    select,
)
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

PAGE: Final = 500


class Suspension(StrEnum):
    """Why a person is suspended."""

    DISABLED = "disabled"
    """Their account is disabled or has expired, as the directory says."""
    GONE = "gone"
    """The directory has their account no more, or not where it is synchronized from."""
    OPERATOR = "operator"
    """Somebody has suspended them by a command, and only a command lets them in again."""


class Person(Base):
    """`username` is the logon name as imported; `account_guid` is learnt at the first look-up."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("organization_id", "username_key"),
        Index("ix_people_organization_id_account_guid", "organization_id", "account_guid"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    username: Mapped[str] = mapped_column(String(256))
    username_key: Mapped[str] = mapped_column(String(256))
    account_guid: Mapped[UUID | None] = mapped_column(Uuid)
    display_name: Mapped[str] = mapped_column(String(256), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    mail_problem: Mapped[str] = mapped_column(String(40), default="", server_default="")
    """Why the last mail to them was given up; empty since the next one was taken."""
    language: Mapped[str] = mapped_column(String(8), default="")
    self_serve: Mapped[bool] = mapped_column(default=False)
    suspended_at: Mapped[datetime | None]
    suspended_for: Mapped[str] = mapped_column(String(12), default="")
    """Why nothing is done for them for now; see Suspension."""
    frozen_at: Mapped[datetime | None]
    """Since when they have wanted nothing done, or an operator; only an operator undoes it."""
    invited_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    """When they first got something by text."""
    reset_held_until: Mapped[datetime | None]
    """Until then RESET is held back, as their number was changed."""
    synced_at: Mapped[datetime | None]
    """Since when the directory has listed them; None for who is not kept in step with it."""
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


def each_person(session: Session, organization_id: int) -> Iterator[Person]:
    """The same one after another, with no more of them in memory than a page."""
    wanted = select(Person).where(Person.organization_id == organization_id)
    wanted = wanted.order_by(Person.username_key).limit(PAGE).options(selectinload(Person.phones))
    page = session.scalars(wanted).all()
    while page:
        yield from page
        after = Person.username_key > page[-1].username_key
        page = session.scalars(wanted.where(after)).all()


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
    is_helped: bool
    opted_out_at: datetime | None
    language: str
    has_own_language: bool
    is_frozen: bool
    organization: str
    time_zone: str

    @property
    def about(self) -> About:
        return About(self.tenant_id, self.organization_id, self.person_id)


def senders(session: Session, number_indexes: Sequence[str]) -> Sequence[Sender]:
    """Whom the holder of a number may speak for, by its index under each key."""
    found = session.connection().execute(_SENDERS, {"indexes": list(number_indexes)})
    return [Sender(*row) for row in found]


def replaced_senders(
    session: Session, number_indexes: Sequence[str], now: datetime
) -> Sequence[Sender]:
    """Whom the holder of a number spoke for until another took its place, while it is kept.

    It speaks for nobody any more: all that it may still say is that it was not them.
    """
    told = {"indexes": list(number_indexes), "now": now}
    found = session.connection().execute(_REPLACED_SENDERS, told)
    return [Sender(*row) for row in found]


LANGUAGE: Final = case((Person.language != "", Person.language), else_=Organization.language)
"""The language to write to a person in, where the organization is joined in."""

HELPED: Final = and_(Person.self_serve, Person.suspended_at.is_(None), Person.frozen_at.is_(None))
"""Whether anything may be done for a person by text."""

_HOLDERS: Final = (
    select(
        Phone.id,
        Person.tenant_id,
        Person.organization_id,
        Person.id,
        Person.username,
        HELPED,
        Phone.opted_out_at,
        LANGUAGE,
        Person.language != "",
        Person.frozen_at.is_not(None),
        Organization.name,
        Organization.time_zone,
    )
    .join_from(Phone, Person)
    .join(Organization)
    .where(Phone.number_index.in_(bindparam("indexes", expanding=True)))
    .order_by(Phone.id)
)
_SENDERS: Final = _HOLDERS.where(Phone.verified_at.is_not(None))
_REPLACED_SENDERS: Final = _HOLDERS.where(
    Phone.verified_at.is_(None),
    Phone.replaced_at.is_not(None),
    Phone.forget_at > bindparam("now"),
)
