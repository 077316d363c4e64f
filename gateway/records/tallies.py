"""How often each event has been audited: summed up as time goes by, so that nobody counts anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, String, case, func, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.records.audit import AuditEvent
from gateway.records.base import Base

EVENTS: Final = "events"
AT_ONCE: Final = 20_000
"""So many events are summed up in one transaction; the rest comes with the next sweep."""


class Tally(Base):
    """So many events of a kind were audited up to the mark."""

    __tablename__ = "tallies"

    event: Mapped[str] = mapped_column(String(40), primary_key=True)
    reason: Mapped[str] = mapped_column(String(60), primary_key=True)
    count: Mapped[int]


class TallyMark(Base):
    """The id of the last event that the tallies hold."""

    __tablename__ = "tally_marks"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    upto: Mapped[int]


def reason_to_count() -> ColumnElement[str]:
    """Only a text's or a page's: that of an operator's command may hold any figure."""
    return case((AuditEvent.mode.in_(("sms", "web")), AuditEvent.reason), else_="")


def sum_up(session: Session, settled_before: datetime) -> None:
    """Add the events between the mark and a time to the tallies, and move the mark.

    Newer ones wait: in PostgreSQL an event with a lower id may still be committed after them.
    The mark's row is locked first, so that two clocks cannot count an event twice.
    """
    newest = session.scalar(
        select(AuditEvent.id)
        .where(AuditEvent.at <= settled_before)
        .order_by(AuditEvent.at.desc())
        .limit(1)
    )
    mark = _locked_mark(session)
    if newest is None or newest <= mark:
        return
    upto = min(newest, mark + AT_ONCE)
    for event, reason, count in session.execute(_counted(mark, upto)).all():
        _add(session, event, reason, count)
    session.execute(update(TallyMark).where(TallyMark.name == EVENTS).values(upto=upto))


def totals(session: Session) -> list[tuple[str, str, int]]:
    """`(event, reason, count)`: the tallies and what came after them, as of one moment."""
    mark = select(TallyMark.upto).where(TallyMark.name == EVENTS).scalar_subquery()
    since = select(AuditEvent.event, reason_to_count().label("reason")).where(
        AuditEvent.id > func.coalesce(mark, 0)
    )
    newer = since.subquery()
    both = union_all(
        select(Tally.event, Tally.reason, Tally.count.label("count")),
        select(newer.c.event, newer.c.reason, func.count()).group_by(newer.c.event, newer.c.reason),
    ).subquery()
    event, reason, count = both.c
    summed = select(event, reason, func.sum(count)).group_by(event, reason)
    return [(each[0], each[1], int(each[2])) for each in session.execute(summed)]


def _counted(mark: int, upto: int) -> Any:
    between = (
        select(AuditEvent.event, reason_to_count().label("reason"))
        .where(AuditEvent.id > mark, AuditEvent.id <= upto)
        .subquery()
    )
    event, reason = between.c
    return select(event, reason, func.count()).group_by(event, reason)


def _locked_mark(session: Session) -> int:
    insert = _insert(session)
    session.execute(insert(TallyMark).values(name=EVENTS, upto=0).on_conflict_do_nothing())
    mark = select(TallyMark.upto).where(TallyMark.name == EVENTS).with_for_update()
    return session.scalars(mark).one()


def _add(session: Session, event: str, reason: str, count: int) -> None:
    insert = _insert(session)(Tally).values(event=event, reason=reason, count=count)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["event", "reason"], set_={"count": Tally.count + count}
        )
    )


def _insert(session: Session) -> Any:
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
