"""Mails that wait to be sent, were sent, or could not be: whom to, but never the address."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.records.base import Base, Id
from gateway.records.organizations import Organization
from gateway.records.people import Person


class MailState(StrEnum):
    """Where a mail of ours stands. The last two are final."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Recipient(StrEnum):
    """Whose address is read at the moment of sending: the person's, or the MSP's alert contact."""

    PERSON = "person"
    MSP = "msp"


class Mail(Base):
    """A mail to send: a template and its facts, of which none is a secret."""

    __tablename__ = "mails"
    __table_args__ = (Index("ix_mails_ring_at", "ring_at"),)

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="SET NULL"), index=True
    )
    request_id: Mapped[int | None] = mapped_column(
        ForeignKey("requests.id", ondelete="SET NULL"), index=True
    )
    invitation_id: Mapped[int | None]
    """The invitation whose link it tells; the link itself is made when the mail is sent."""
    recipient: Mapped[str] = mapped_column(String(12))
    template: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(8))
    facts: Mapped[dict[str, Any]]
    """Emptied once the mail is sent or given up: a logon name need not stand here for ever."""
    key: Mapped[str] = mapped_column(String(32), unique=True)
    """Makes the Message-ID, the same however often the mail is sent."""
    state: Mapped[str] = mapped_column(String(12), default=MailState.WAITING)
    attempt: Mapped[int] = mapped_column(default=0)
    unknown_outcomes: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    ring_at: Mapped[datetime | None]
    """When the clock rings for it; None once there is nothing left to do."""
    error: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]

    organization: Mapped[Organization] = relationship()
    person: Mapped[Person | None] = relationship()
