"""What became of a text: reports only move it forward, and the carrier's copy is emptied."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.carriers import Carrier, CarrierError
from gateway.engine import requests
from gateway.engine.doorbell import Doorbell, JobName
from gateway.records import OutboundMessage, Request, StatusReport
from gateway.records.audit import Event, record
from gateway.records.base import insert_once
from gateway.records.database import Database
from gateway.records.messages import OutboundState, outbound_by_sid
from gateway.records.requests import RequestState

log = structlog.get_logger()

RANKS: Final = {
    **dict.fromkeys(("accepted", "scheduled"), 0),
    "queued": 1,
    "sending": 2,
    "sent": 3,
    **dict.fromkeys(("delivered", "undelivered", "failed", "canceled"), 4),
    "read": 5,
}
"""Twilio's statuses in the order of a message's life; reports may come in any order."""

FINAL: Final = {
    "delivered": OutboundState.DELIVERED,
    "read": OutboundState.DELIVERED,
    "undelivered": OutboundState.UNDELIVERED,
    "failed": OutboundState.UNDELIVERED,
    "canceled": OutboundState.UNDELIVERED,
}

REDACT_AGAIN: Final = timedelta(seconds=60)


class Deliveries:
    """Keeps what the carrier reports, and empties its copies."""

    def __init__(
        self,
        database: Database,
        carrier: Carrier,
        doorbell: Doorbell,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._carrier = carrier
        self._doorbell = doorbell
        self._now = now

    def report(self, sid: str, status: str, error_code: int | None) -> None:
        """Keep one status report. Repeated, late or unknown ones change nothing.

        Raises DatabaseUnavailable when it could not be kept.
        """
        with self._database.transaction() as session:
            insert_once(
                session,
                StatusReport,
                sid=sid,
                status=status,
                error_code=error_code,
                received_at=self._now(),
            )
        self.catch_up(sid)

    def catch_up(self, sid: str) -> None:
        """Apply what was reported of a text. It is called after either half is committed.

        A report can come before the text's sid is stored; whoever commits second sees both.
        """
        redact_id = None
        with self._database.transaction() as session:
            message = outbound_by_sid(session, sid)
            if message and _advance_by_reports(session, message, self._now()):
                redact_id = message.id
        if redact_id is not None:
            self._doorbell.ring(JobName.REDACT, redact_id)

    def redact(self, message_id: int) -> None:
        """Empty the carrier's copy of one text; what cannot be done now is tried again.

        The clock comes by here for every text, so a report that a crash left lying is applied.
        """
        with self._database.transaction() as session:
            message = session.get(OutboundMessage, message_id)
            sid = message.sid if message and not message.redacted_at else None
        if sid is None:
            return
        self.catch_up(sid)
        error = self._emptied(sid)
        with self._database.transaction() as session:
            message = session.get_one(OutboundMessage, message_id, with_for_update=True)
            if error:
                message.redact_at = self._now() + REDACT_AGAIN
                log.warning("reply.not_redacted", message=message_id, code=error.code)
            elif message.redacted_at is None:
                message.redacted_at, message.redact_at = self._now(), None
                request = session.get(Request, message.request_id) if message.request_id else None
                record(session, Event.REPLY_REDACTED, request, self._now())

    def _emptied(self, sid: str) -> CarrierError | None:
        try:
            self._carrier.redact(sid)
        except CarrierError as error:
            return error
        return None


def advance(
    session: Session,
    message: OutboundMessage,
    status: str,
    error_code: int | None,
    now: datetime,
) -> bool:
    """Move a text forward to a status. True when that was the last one."""
    if RANKS.get(status, -1) <= RANKS.get(message.carrier_status, -1):
        return False
    message.carrier_status = status
    if status not in FINAL or message.state != OutboundState.ACCEPTED:
        return False
    message.state, message.error_code = FINAL[status], error_code
    message.redact_at = now
    if message.state is OutboundState.DELIVERED:
        close_request(session, message, Event.REPLY_DELIVERED, "", now)
    else:
        close_request(session, message, Event.REPLY_UNDELIVERED, str(error_code or status), now)
        log.error("reply.undelivered", message=message.id, status=status, code=error_code)
    return True


def _advance_by_reports(session: Session, message: OutboundMessage, now: datetime) -> bool:
    reports = session.scalars(select(StatusReport).where(StatusReport.sid == message.sid)).all()
    ordered = sorted(reports, key=lambda report: RANKS.get(report.status, -1))
    ends = [advance(session, message, each.status, each.error_code, now) for each in ordered]
    return any(ends)


def close_request(
    session: Session, message: OutboundMessage, event: Event, reason: str, now: datetime
) -> None:
    """End the request whose answer this was. What was refused or failed has ended already."""
    request = session.get(Request, message.request_id) if message.request_id else None
    delivered = event is Event.REPLY_DELIVERED
    if request and request.state in {RequestState.APPLIED, RequestState.SENT}:
        if delivered and request.state == RequestState.APPLIED:
            requests.step(request, RequestState.SENT, now)
        end = RequestState.DONE if delivered else RequestState.UNDELIVERED
        requests.step(request, end, now, reason)
    record(session, event, request, now, reason=reason or message.template)
