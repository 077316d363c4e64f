"""Who may do what only one process should do at a time, and until when it is theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, delete, func, or_, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.records.base import Base, UtcDateTime

LONGEST_HOLDER = 120


class Lease(Base):
    """One right by its name. Whoever finds it run out may take it; nothing has to be cleared."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(LONGEST_HOLDER))
    until: Mapped[datetime]


def take_lease(session: Session, name: str, holder: str, length: timedelta) -> bool:
    """Take a lease that is free or has run out, or renew one's own: whether it is ours now.

    One statement, so that of two who try at once exactly one gets it. The database tells the time:
    the hosts' clocks may differ as they like. After a failover its clock may be another one, so a
    lease that lasts longer than any could is taken for one of the clock before.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    now = _database_time(session)
    ours = {"holder": holder, "until": now + length}
    impossible = now + 2 * length
    statement = (
        insert(Lease)
        .values(name=name, **ours)
        .on_conflict_do_update(
            index_elements=[Lease.name],
            set_=ours,
            where=or_(Lease.holder == holder, Lease.until <= now, Lease.until > impossible),
        )
    )
    return session.scalar(statement.returning(Lease.holder)) == holder


def let_go(session: Session, name: str, holder: str) -> None:
    """Give a lease back if it is still ours, so that the next need not wait for its end."""
    session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


def _database_time(session: Session) -> datetime:
    told: datetime = session.scalars(select(type_coerce(func.now(), UtcDateTime))).one()
    return told
