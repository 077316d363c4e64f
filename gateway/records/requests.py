"""What somebody asked for by text, and how far it has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, String, Text, bindparam, false, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from gateway.records.base import Base, Id
from gateway.records.organizations import Organization
from gateway.records.people import Person


class RequestState(StrEnum):
    """The life of a request; `engine/requests.py` says which step may follow which."""

    AWAITING_WORD = "awaiting"
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
    EXPIRED = "expired"


ALIVE = (RequestState.QUEUED, RequestState.APPLYING, RequestState.APPLIED)
"""States in which another request of the same account has to wait.

Not while a word is awaited: whoever can forge a RESET must not hold up an UNLOCK with it.
"""

_ALIVE_SQL = text(f"state IN ({', '.join(repr(str(state)) for state in ALIVE)})")
_UNCONFIRMED_SQL = text("state IN ('awaiting', 'expired')")


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
        Index(
            "ix_requests_unconfirmed_person_id",
            "person_id",
            sqlite_where=_UNCONFIRMED_SQL,
            postgresql_where=_UNCONFIRMED_SQL,
        ),
        Index("ix_requests_ring_at", "ring_at"),
        Index("ix_requests_word_until", "word_until"),
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
    language: Mapped[str] = mapped_column(String(8), default="", server_default="")
    """The language that was texted in, for who has none of their own on record."""
    is_guess: Mapped[bool] = mapped_column(default=False, server_default=false())
    """It was not asked for in so many words, so it is confirmed whatever the policy."""
    word_seed: Mapped[str | None] = mapped_column(String(64))
    """What the word is made of that has to be texted back; None once it is of no use."""
    word_tries: Mapped[int] = mapped_column(default=0, server_default="0")
    word_until: Mapped[datetime | None]
    """When the word is of no use any more; None where none is awaited."""
    confirmed_at: Mapped[datetime | None]
    """When the word came back."""
    admitted_at: Mapped[datetime | None]
    """When it was counted against the limits: an attempt that is begun anew is not counted anew."""
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


@dataclass(frozen=True, slots=True)
class AwaitingRequest:
    """A request that goes on once its word is texted back, by the phone that asked."""

    id: int
    person_id: int
    phone_id: int
    word_seed: str
    word_tries: int


def awaiting_requests(
    session: Session, person_ids: Sequence[int], now: datetime
) -> Sequence[AwaitingRequest]:
    """Those of these people whose word is still good, oldest first.

    They are held until the transaction ends: of many words at once each is looked at in turn.
    """
    told = {"person_ids": list(person_ids), "now": now}
    rows: Any = session.connection().execute(_AWAITING_OF, told)
    return [AwaitingRequest(*row) for row in rows]


_AWAITING_OF: Final = (
    select(Request.id, Request.person_id, Request.phone_id, Request.word_seed, Request.word_tries)
    .where(
        Request.person_id.in_(bindparam("person_ids", expanding=True)),
        Request.state == RequestState.AWAITING_WORD,
        Request.word_until > bindparam("now"),
        Request.word_seed.is_not(None),
    )
    .order_by(Request.id)
    .with_for_update()
)
