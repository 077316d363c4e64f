"""Requests as operators look them up: newest first and a page at a time, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Subquery, case, select, union
from sqlalchemy.orm import Session, joinedload

from gateway.records.messages import NEVER, OutboundMessage
from gateway.records.requests import ALIVE, Request, RequestState


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests; whatever is None makes no difference."""

    organization_id: int | None = None
    state: RequestState | None = None
    since: datetime | None = None
    before_id: int | None = None
    waits_since: datetime | None = None
    """Only those of which somebody has been waiting for an answer since this time or longer."""


def request_page(session: Session, wanted: Wanted, at_most: int) -> Sequence[Request]:
    """Ordered by id, which every index ends with: nothing is sorted, and few rows are read.

    Only those who wait are few enough to be sorted; `+ 0` keeps SQLite from going through all.
    """
    query = select(Request).options(joinedload(Request.person), joinedload(Request.organization))
    if wanted.organization_id is not None:
        query = query.where(Request.organization_id == wanted.organization_id)
    if wanted.state is not None:
        query = query.where(Request.state == wanted.state)
    if wanted.before_id is not None:
        query = query.where(Request.id < wanted.before_id)
    if wanted.since is not None:
        query = query.where(Request.id >= _first_id(session, wanted.since))
    if wanted.waits_since is not None:
        waits = _waiting(wanted.waits_since)
        query = query.join(waits, waits.c.id == Request.id)
    order = Request.id + 0 if wanted.waits_since else Request.id
    return session.scalars(query.order_by(order.desc()).limit(at_most)).all()


def _first_id(session: Session, since: datetime) -> int:
    """Ids are given in the order of time; so the first one says where to stop."""
    first = select(Request.id).where(Request.created_at >= since).order_by(Request.created_at)
    found = session.scalar(first.limit(1))
    return found if found is not None else 2**63 - 1


def _waiting(since: datetime) -> Subquery:
    """By their own state, or by an answer that was not taken yet: also a refusal is one.

    Few are alive, but nearly all are old: within `case` no index is used for that.
    """
    is_old = case((Request.created_at <= since, 1), else_=0) == 1
    alive = select(Request.id).where(Request.state.in_(ALIVE), is_old)
    unsent = select(OutboundMessage.request_id).where(
        OutboundMessage.ring_at > NEVER,
        OutboundMessage.request_id.is_not(None),
        OutboundMessage.created_at <= since,
    )
    return union(alive, unsent).subquery()
