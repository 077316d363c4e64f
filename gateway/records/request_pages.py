"""Requests as operators look them up: newest first and a page at a time, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, union
from sqlalchemy.orm import Session, joinedload

from gateway.records.messages import OutboundMessage
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
    """Ordered by id, which every index ends with: nothing is sorted, and few rows are read."""
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
        query = query.where(Request.id.in_(_waiting(wanted.waits_since)))
    return session.scalars(query.order_by(Request.id.desc()).limit(at_most)).all()


def _first_id(session: Session, since: datetime) -> int:
    """Ids are given in the order of time; so the first one says where to stop."""
    first = select(Request.id).where(Request.created_at >= since).order_by(Request.created_at)
    found = session.scalar(first.limit(1))
    return found if found is not None else 2**63 - 1


def _waiting(since: datetime) -> Select[Any]:
    """By their own state, or by an answer that was not taken yet: also a refusal is one."""
    alive = select(Request.id).where(Request.state.in_(ALIVE), Request.created_at <= since)
    unsent = select(OutboundMessage.request_id).where(
        OutboundMessage.ring_at.is_not(None),
        OutboundMessage.request_id.is_not(None),
        OutboundMessage.created_at <= since,
    )
    return select(union(alive, unsent).subquery().c.id)
