"""How an organization's people are kept in step with its directory, when next, and how it went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, String, case, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from gateway.records.base import Base, Id, did_change
from gateway.records.organizations import Organization

LONGEST_ERROR: Final = 200


class Sync(Base):
    """One of an organization. Who runs it holds it by a lease and the number of the attempt."""

    __tablename__ = "syncs"
    __table_args__ = (Index("ix_syncs_ring_at", "ring_at"),)

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), unique=True
    )
    options: Mapped[dict[str, Any]]
    """What an operator said last: places, groups, attributes and what to do with them."""
    every_minutes: Mapped[int | None]
    """None for no schedule."""
    due_at: Mapped[datetime | None]
    """When the schedule wants the next run; it stays while that is under way."""
    ring_at: Mapped[datetime | None]
    """When the clock rings for it; None for never."""
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    """When a run last did all that was to be done."""
    error: Mapped[str] = mapped_column(String(LONGEST_ERROR), default="")
    """What the last run could not do, in a sentence for operators; empty if it did everything."""
    created_at: Mapped[datetime]

    organization: Mapped[Organization] = relationship()

    @property
    def wanted_by(self) -> datetime | None:
        """When a run should have succeeded at the latest, if there is a schedule."""
        if self.every_minutes is None:
            return None
        return (self.succeeded_at or self.created_at) + timedelta(minutes=self.every_minutes)


def sync_of(session: Session, organization: Organization) -> Sync | None:
    return session.scalar(select(Sync).where(Sync.organization_id == organization.id))


def take_sync(session: Session, sync_id: int, now: datetime, lease: timedelta) -> Sync | None:
    """Take hold of it unless somebody else has it. Its schedule, if any, rings again after that."""
    return _taken(session, sync_id, now, lease)


def take_due_sync(session: Session, sync_id: int, now: datetime, lease: timedelta) -> Sync | None:
    """The same where the schedule wants it now: a ring that comes late finds nothing to do."""
    return _taken(session, sync_id, now, lease, Sync.due_at <= now)


def hold_sync(session: Session, sync_id: int, attempt: int, until: datetime) -> bool:
    """Hold it for longer: whether it is still ours."""
    ours = update(Sync).where(Sync.id == sync_id, Sync.attempt == attempt)
    return did_change(session, ours.values(lease_until=until, ring_at=_if_scheduled(until)))


def held_sync(session: Session, sync_id: int, attempt: int) -> Sync | None:
    """The row, to say how it went; None where another attempt has it by now."""
    row = session.get(Sync, sync_id, with_for_update=True, populate_existing=True)
    return row if row and row.attempt == attempt else None


def _taken(
    session: Session, sync_id: int, now: datetime, lease: timedelta, *conditions: Any
) -> Sync | None:
    is_free = or_(Sync.lease_until.is_(None), Sync.lease_until <= now)
    until = now + lease
    took = did_change(
        session,
        update(Sync)
        .where(Sync.id == sync_id, is_free, *conditions)
        .values(attempt=Sync.attempt + 1, lease_until=until, ring_at=_if_scheduled(until)),
    )
    return session.get(Sync, sync_id, populate_existing=True) if took else None


def _if_scheduled(at: datetime) -> Any:
    """The clock rings for what is scheduled: after a crash, when the lease has run out."""
    return case((Sync.every_minutes.is_not(None), at), else_=None)
