"""Rings anew for what waits of one request, because an operator will not wait for the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.engine.doorbell import JobName
from gateway.records import OutboundMessage, Request
from gateway.records.audit import Event, record
from gateway.records.messages import OutboundState
from gateway.records.requests import RequestState

TO_PERFORM = (RequestState.QUEUED, RequestState.APPLYING)


@dataclass(frozen=True, slots=True)
class Rung:
    """What a worker is to be told once this is committed."""

    job: JobName
    row_id: int


class HeldByAWorker(Exception):
    """Somebody is working on it until `until`, and goes on with it alone."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"held until {until.isoformat()}")
        self.until = until


def ring_anew(session: Session, request: Request, now: datetime) -> Sequence[Rung]:
    """Make everything due that waits; nothing where all has ended. Raises HeldByAWorker.

    Ringing is safe at any time, as a worker first takes hold of the row.
    """
    rows: list[Request | OutboundMessage] = [
        *_request_to_do(request),
        *_texts_to_send(session, request),
    ]
    leases = [row.lease_until for row in rows if row.lease_until and row.lease_until > now]
    if leases and len(leases) == len(rows):
        raise HeldByAWorker(max(leases))
    rung = [_ring(row, now) for row in rows if not row.lease_until or row.lease_until <= now]
    if rung:
        record(session, Event.REQUEST_RETRIED, request, now, mode="cli")
    return rung


def _request_to_do(request: Request) -> list[Request]:
    return [request] if request.state in TO_PERFORM else []


def _texts_to_send(session: Session, request: Request) -> Sequence[OutboundMessage]:
    return session.scalars(
        select(OutboundMessage)
        .where(
            OutboundMessage.request_id == request.id, OutboundMessage.state == OutboundState.WAITING
        )
        .order_by(OutboundMessage.id)
        .with_for_update()
    ).all()


def _ring(row: Request | OutboundMessage, now: datetime) -> Rung:
    row.ring_at = now
    return Rung(JobName.PERFORM if isinstance(row, Request) else JobName.DELIVER, row.id)
