"""What became of a text: reports only move it forward, whichever way and order they come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.orm import Session

from gateway.carriers import Carrier, CarrierError
from gateway.engine import fallback, requests
from gateway.records import StrayText
from gateway.records.audit import Event, record
from gateway.records.base import insert_once
from gateway.records.database import Database
from gateway.records.letters import Letter, change_text, letter_by_id, letter_by_sid
from gateway.records.messages import OutboundState
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

REDACT_BY: Final = timedelta(minutes=10)
"""The carrier's copy is emptied after this even where no final status ever comes."""

FIRST_POLL: Final = timedelta(seconds=30)
"""Reports come within seconds. Where none has by then, we ask, and then ever less often."""

ASKED_LONG_ENOUGH: Final = timedelta(minutes=15)
"""Some networks never confirm: then it stays at `sent`, and the request ends unconfirmed."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the carrier says of a text. `message_id` is what we had it say along, if anything."""

    sid: str
    status: str
    error_code: int | None = None
    message_id: int | None = None


class Deliveries:
    """Keeps what the carrier reports, and asks where it reports nothing."""

    def __init__(self, database: Database, carrier: Carrier, now: Callable[[], datetime]) -> None:
        self._database = database
        self._carrier = carrier
        self._now = now

    def report(self, report: Report) -> None:
        """Apply one status report. Repeated, late or unknown ones change nothing.

        Raises DatabaseUnavailable when it could not be kept.
        """
        self._database.run(lambda session: self._keep(session, report))

    def _keep(self, session: Session, report: Report) -> None:
        letter = _meant(session, report)
        if letter is None:
            log.info("report.unknown", sid=report.sid, status=report.status)
        else:
            _apply(session, letter, report, self._now())

    def poll(self, message_id: int) -> None:
        """Ask the carrier what became of one text that it has said nothing final about."""
        with self._database.transaction() as session:
            letter = letter_by_id(session, message_id)
        if letter is None or letter.sid is None or letter.state != OutboundState.ACCEPTED:
            return
        try:
            status, error_code = self._carrier.status(letter.sid)
        except CarrierError as error:
            log.warning("report.not_fetched", message=message_id, code=error.code)
        else:
            self.report(Report(letter.sid, status, error_code, message_id))
        with self._database.transaction() as session:
            _ask_again(session, letter, self._now())


def accept(session: Session, letter: Letter, sid: str, status: str, now: datetime) -> bool:
    """The carrier has taken the text: its answer told us, or a report before the answer came.

    False where that was known already.
    """
    if not change_text(
        session,
        letter.message_id,
        OutboundState.WAITING,
        state=OutboundState.ACCEPTED,
        sid=sid,
        carrier_status=status,
        accepted_at=now,
        lease_until=None,
        ring_at=None,
        poll_at=now + FIRST_POLL,
        redact_at=now + REDACT_BY,
    ):
        return False
    if letter.answers is not None:
        requests.move(session, letter.answers, RequestState.SENT, now)
    record(session, Event.REPLY_ACCEPTED, letter.about, now, reason=letter.template)
    log.info("reply.accepted", message=letter.message_id, template=letter.template, sid=sid)
    return True


def keep_stray(session: Session, sid: str, now: datetime) -> bool:
    """A second copy of a text at the carrier is emptied as well. False where it was known."""
    return insert_once(session, StrayText, sid=sid, found_at=now, redact_at=now) is not None


def _meant(session: Session, report: Report) -> Letter | None:
    """The text that is reported of. Reports of the version before name only its sid."""
    if report.message_id is not None:
        return letter_by_id(session, report.message_id)
    return letter_by_sid(session, report.sid)


def _apply(session: Session, letter: Letter, report: Report, now: datetime) -> None:
    if letter.state == OutboundState.WAITING:
        accept(session, letter, report.sid, "", now)
        letter = replace(letter, state=OutboundState.ACCEPTED, sid=report.sid, carrier_status="")
    elif letter.sid != report.sid:
        keep_stray(session, report.sid, now)
        if FINAL.get(report.status) is not OutboundState.DELIVERED:
            return  # the other copy may still arrive
    if RANKS.get(report.status, -1) <= RANKS.get(letter.carrier_status, -1):
        return
    if report.status in FINAL and letter.state == OutboundState.ACCEPTED:
        _end(session, letter, report, now)
    else:
        change_text(session, letter.message_id, carrier_status=report.status)


def _end(session: Session, letter: Letter, report: Report, now: datetime) -> None:
    state = FINAL[report.status]
    change_text(
        session,
        letter.message_id,
        state=state,
        carrier_status=report.status,
        error_code=report.error_code,
        poll_at=None,
        redact_at=None if letter.redacted_at else now,
    )
    if state is OutboundState.DELIVERED:
        _delivered(session, letter, now)
    else:
        reason = str(report.error_code or report.status)
        log.error("reply.undelivered", message=letter.message_id, reason=reason)
        fallback.not_reached(session, letter, Event.REPLY_UNDELIVERED, reason, now)


def _delivered(session: Session, letter: Letter, now: datetime) -> None:
    if letter.answers is not None:
        requests.move(session, letter.answers, RequestState.DONE, now)
    record(session, Event.REPLY_DELIVERED, letter.about, now, reason=letter.template)


def _ask_again(session: Session, letter: Letter, now: datetime) -> None:
    """Wait as long again as it has taken so far, and in the end no longer."""
    waited = now - (letter.accepted_at or now)
    if waited < ASKED_LONG_ENOUGH:
        again = now + max(FIRST_POLL, waited)
        change_text(session, letter.message_id, OutboundState.ACCEPTED, poll_at=again)
        return
    if change_text(session, letter.message_id, OutboundState.ACCEPTED, poll_at=None):
        log.warning("reply.unconfirmed", message=letter.message_id)
        if letter.answers is not None:
            requests.move(session, letter.answers, RequestState.DONE, now, reason="unconfirmed")
        record(session, Event.REPLY_UNCONFIRMED, letter.about, now, reason=letter.template)
