"""Numbers that have texted STOP, whosever they are or were: only START from them lifts it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.records.base import Base, Id
from gateway.records.phones import Phone


class OptOut(Base):
    """It outlives the person and the phone, as carriers demand (CTIA Messaging Principles 5.1.3).

    It belongs to no tenant: STOP is said to our number, whoever texts from it. Phones have a copy
    in `opted_out_at`, for what has to be quick.
    """

    __tablename__ = "opt_outs"

    id: Mapped[Id]
    number_index: Mapped[str] = mapped_column(String(64), index=True)
    sealed_number: Mapped[str] = mapped_column(Text)
    """Only for the day on which keys are rotated: its index is then made anew."""
    since: Mapped[datetime]


def opted_out_at(session: Session, indexes: Sequence[str]) -> datetime | None:
    """When a number, by its index under each key, texted STOP, if START has not lifted it."""
    return session.scalar(select(func.min(OptOut.since)).where(OptOut.number_index.in_(indexes)))


def opt_out(session: Session, indexes: Sequence[str], sealed_number: str, now: datetime) -> None:
    """Nothing is texted to it any more. Who has opted out before keeps the time of the first."""
    since = opted_out_at(session, indexes)
    if since is None:
        row = OptOut(number_index=indexes[0], sealed_number=sealed_number, since=now)
        session.add(row)
        session.flush()
    _mark(session, indexes, since or now)


def opt_in(session: Session, indexes: Sequence[str]) -> None:
    """Texts may go to it again, for all whose number it is."""
    session.execute(delete(OptOut).where(OptOut.number_index.in_(indexes)))
    _mark(session, indexes, None)


def opted_out_since(session: Session) -> dict[str, datetime]:
    """When each number that has texted STOP did so, by its index: it holds for all its people."""
    rows = session.execute(select(OptOut.number_index, OptOut.since))
    return {each.number_index: each.since for each in rows}


def _mark(session: Session, indexes: Sequence[str], at: datetime | None) -> None:
    session.execute(
        update(Phone)
        .where(Phone.number_index.in_(indexes))
        .values(opted_out_at=at and func.coalesce(Phone.opted_out_at, at))
    )
