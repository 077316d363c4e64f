"""What somebody asked for by text, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, Index, String, Text, bindparam, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from gateway.records.base import Base, Id
from gateway.records.organizations import Organization
from gateway.records.people import Person


class RequestState(StrEnum):
    """The life of a request; `engine/requests.py` says which step may follow which."""

    QUEUED = "queued"
    APPLYING = "applying"
    APPLIED = "applied"
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    STALE = "stale"
    FAILED = "failed"
    UNDELIVERED = "undelivered"
    USED = "used"
    SCRAMBLED = "scrambled"


ALIVE = (RequestState.QUEUED, RequestState.APPLYING, RequestState.APPLIED)
"""States in which another request of the same account has to wait."""

_ALIVE_SQL = text(f"state IN ({', '.join(repr(str(state)) for state in ALIVE)})")


class Request(Base):
    """One request. A sealed password here means that the directory may have heard of it."""

    __tablename__ = "requests"
    __table_args__ = (
        Index(
            "uq_requests_alive_person_id",
            "person_id",
            unique=True,
            sqlite_where=_ALIVE_SQL,
            postgresql_where=_ALIVE_SQL,
        ),
        Index("ix_requests_ring_at", "ring_at"),
        Index("ix_requests_state", "state"),
        Index("ix_requests_scramble_at", "scramble_at"),
        Index("ix_requests_created_at", "created_at"),
        Index("ix_requests_organization_id_id", "organization_id", "id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    phone_id: Mapped[int] = mapped_column(ForeignKey("phones.id", ondelete="CASCADE"))
    sender: Mapped[str] = mapped_column(String(34))
    action: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12), default=RequestState.QUEUED)
    reason: Mapped[str] = mapped_column(String(40), default="")
    attempt: Mapped[int] = mapped_column(default=0)
    """Counts claims; whoever holds an older number has lost the request (a fencing token)."""
    lease_until: Mapped[datetime | None]
    ring_at: Mapped[datetime | None]
    """When the clock rings for it; None once no worker has anything left to do."""
    sealed_password: Mapped[str | None] = mapped_column(Text)
    password_version: Mapped[int | None]
    """Which of the account's passwords is ours; None where the directory does not tell."""
    scramble_at: Mapped[datetime | None]
    """When a one-time password that is still unused is replaced by one that nobody knows."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    organization: Mapped[Organization] = relationship()
    person: Mapped[Person] = relationship()


@dataclass(frozen=True, slots=True)
class AliveRequest:
    """The request that an account is waiting for."""

    id: int
    action: str
    phone_id: int


def alive_request(session: Session, person_id: int) -> AliveRequest | None:
    row = session.connection().execute(_ALIVE_OF, {"person_id": person_id}).first()
    return AliveRequest(*row) if row else None


_ALIVE_OF: Final = select(Request.id, Request.action, Request.phone_id).where(
    Request.person_id == bindparam("person_id"), Request.state.in_(ALIVE)
)
