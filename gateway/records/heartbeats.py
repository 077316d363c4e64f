"""When each process was last heard of, and when the last sweep ended."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import String, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.records.base import Base

SWEEP: Final = "sweep"
"""Written by whichever clock has ended a sweep."""


class Heartbeat(Base):
    """`name` is `sweep`, or a kind of process and its machine: `clock@host`."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    at: Mapped[datetime]


def beat(session: Session, name: str, now: datetime) -> None:
    """Say that this was alive just now. Processes of one kind on one machine share a row."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(
        insert(Heartbeat)
        .values(name=name, at=now)
        .on_conflict_do_update(index_elements=["name"], set_={"at": now})
    )


def last_beat(session: Session, name: str) -> datetime | None:
    return session.scalar(select(Heartbeat.at).where(Heartbeat.name == name))


def last_beat_anywhere(session: Session, kind: str) -> datetime | None:
    """The newest of a kind of process, on whichever machine."""
    machines = Heartbeat.name.startswith(f"{kind}@", autoescape=True)
    return session.scalar(select(func.max(Heartbeat.at)).where(machines))


def forget_beats(session: Session, before: datetime) -> None:
    """Machines that are gone: a container has another name each time."""
    session.execute(delete(Heartbeat).where(Heartbeat.at < before))
