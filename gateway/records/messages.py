"""Every text in and out, without its words: the inbox, the outbox, and what carriers reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, bindparam, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from gateway.records.base import Base, Id
from gateway.records.phones import Phone


class InboundMessage(Base):
    """One text that reached us. Its words are read and let go; its sid is kept for ever.

    A webhook signature carries no time, so only the unique sid stops a replay.
    """

    __tablename__ = "inbound_messages"

    id: Mapped[Id]
    sid: Mapped[str] = mapped_column(String(34), unique=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    number_index: Mapped[str] = mapped_column(String(64))
    phone_id: Mapped[int | None] = mapped_column(ForeignKey("phones.id", ondelete="SET NULL"))
    outcome: Mapped[str] = mapped_column(String(40))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("requests.id"))


@dataclass(frozen=True, slots=True)
class TextOfRequest:
    """A text that was written for a request: when, and what it was told."""

    at: datetime
    facts: dict[str, Any]


def texts_of_request(session: Session, request_id: int, template: str) -> Sequence[TextOfRequest]:
    """Oldest first."""
    told = {"request_id": request_id, "template": template}
    return [TextOfRequest(*row) for row in session.connection().execute(_OF_REQUEST, told)]


class OutboundState(StrEnum):
    """Where a text of ours stands. The last three are final."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"


NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""`ring_at > NEVER` finds by the index what `IS NOT NULL` makes SQLite look for everywhere."""


class OutboundMessage(Base):
    """A text to send: a template and its facts. A password is never among them."""

    __tablename__ = "outbound_messages"
    __table_args__ = (
        Index("ix_outbound_messages_ring_at", "ring_at"),
        Index("ix_outbound_messages_redact_at", "redact_at"),
        Index("ix_outbound_messages_poll_at", "poll_at"),
        Index("ix_outbound_messages_phone_id", "phone_id"),
        Index(
            "ix_outbound_messages_proof_id",
            "proof_id",
            sqlite_where=text("proof_id IS NOT NULL"),
            postgresql_where=text("proof_id IS NOT NULL"),
        ),
        Index(
            "ix_outbound_messages_seek_at",
            "seek_at",
            sqlite_where=text("seek_at IS NOT NULL"),
            postgresql_where=text("seek_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    phone_id: Mapped[int] = mapped_column(ForeignKey("phones.id", ondelete="CASCADE"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("requests.id"), index=True)
    proof_id: Mapped[int | None]
    """Whose code this text carries: it may go to a number that is not verified yet."""
    template: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(8))
    facts: Mapped[dict[str, Any]]
    sender: Mapped[str] = mapped_column(String(34))
    """The number or Messaging Service that the answer leaves from: the one that was texted."""
    state: Mapped[str] = mapped_column(String(12), default=OutboundState.WAITING)
    attempt: Mapped[int] = mapped_column(default=0)
    unknown_outcomes: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    ring_at: Mapped[datetime | None]
    """When the clock rings for it; None once there is nothing left to do."""
    expires_at: Mapped[datetime]
    sid: Mapped[str | None] = mapped_column(String(34), unique=True)
    carrier_status: Mapped[str] = mapped_column(String(20), default="")
    error_code: Mapped[int | None]
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    poll_at: Mapped[datetime | None]
    """When the carrier is asked what became of it, should it not have told us by then."""
    seek_at: Mapped[datetime | None]
    """When the carrier is asked for copies: set once the outcome of a sending was lost."""
    redact_at: Mapped[datetime | None]
    redacted_at: Mapped[datetime | None]

    phone: Mapped[Phone] = relationship()


_OF_REQUEST: Final = (
    select(OutboundMessage.created_at, OutboundMessage.facts)
    .where(
        OutboundMessage.request_id == bindparam("request_id"),
        OutboundMessage.template == bindparam("template"),
    )
    .order_by(OutboundMessage.id)
)


class StrayText(Base):
    """Another copy of a text of ours at the carrier: sent again after a lost outcome."""

    __tablename__ = "stray_texts"
    __table_args__ = (Index("ix_stray_texts_redact_at", "redact_at"),)

    id: Mapped[Id]
    sid: Mapped[str] = mapped_column(String(34), unique=True)
    found_at: Mapped[datetime]
    redact_at: Mapped[datetime | None]


class StatusReport(Base):
    """Not written any more: the version before keeps reports here. Goes with the next release."""

    __tablename__ = "status_reports"
    __table_args__ = (UniqueConstraint("sid", "status"),)

    id: Mapped[Id]
    sid: Mapped[str] = mapped_column(String(34))
    status: Mapped[str] = mapped_column(String(20))
    error_code: Mapped[int | None]
    received_at: Mapped[datetime] = mapped_column(index=True)
