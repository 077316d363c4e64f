"""An answer that its phone could not be given goes to another one, or that it did not is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.engine import notices, requests
from gateway.engine.outbox import write
from gateway.records import OutboundMessage, Request
from gateway.records.audit import Event, record
from gateway.records.letters import Letter, OtherPhone, other_phone
from gateway.records.messages import OutboundState
from gateway.records.requests import RequestState
from gateway.wording import needs_password

log = structlog.get_logger()

LONGEST_REASON: Final = 40
OVERTAKEN_BY_EVENTS: Final = frozenset({"superseded", "expired", "password_erased"})
"""Reasons for which the same text would be of no use on another phone either."""


def not_reached(session: Session, letter: Letter, event: Event, reason: str, now: datetime) -> None:
    """An answer will not reach its phone: try another of the person's, or end the request.

    Nobody else is told a password: every number of a person's was verified for that account.
    """
    record(session, event, letter.about, now, reason=reason)
    if letter.request_id is None:
        return
    if letter.answers is None:
        if not _was_asked_otherwise(session, letter):
            requests.expire(session, letter.request_id, now, "undelivered")
        return
    other = other_phone(session, letter) if _is_worth_it(letter, reason) else None
    if other:
        _reroute(session, letter, other, now)
        return
    holds_password = needs_password(letter.template)
    at_once: dict[str, Any] = {"scramble_at": now} if holds_password else {}
    end, why = RequestState.UNDELIVERED, reason[:LONGEST_REASON]
    ended = requests.move(session, letter.request_id, end, now, reason=why, **at_once)
    if ended and holds_password:
        record(session, Event.RESET_UNTOLD, letter.about, now, reason=reason)
        _tell_by_mail(session, letter.request_id, reason, now)


def _was_asked_otherwise(session: Session, letter: Letter) -> bool:
    """The same word went out more than once, and another copy has not failed."""
    hopeful = (OutboundState.WAITING, OutboundState.ACCEPTED, OutboundState.DELIVERED)
    others = select(OutboundMessage.id).where(
        OutboundMessage.request_id == letter.request_id,
        OutboundMessage.template == letter.template,
        OutboundMessage.id != letter.message_id,
        OutboundMessage.state.in_(hopeful),
    )
    return session.scalars(others).first() is not None


def _tell_by_mail(session: Session, request_id: int, reason: str, now: datetime) -> None:
    """A password was set that nobody knows: the person and the MSP hear of it."""
    log.error("request.untold", request=request_id, reason=reason)
    notices.password_untold(session, session.get_one(Request, request_id), reason, now)


def _is_worth_it(letter: Letter, reason: str) -> bool:
    if reason in OVERTAKEN_BY_EVENTS:
        return False
    return letter.sealed_password is not None or not needs_password(letter.template)


def _reroute(session: Session, letter: Letter, other: OtherPhone, now: datetime) -> None:
    write(
        session,
        other,
        letter.template,
        letter.facts,
        sender=letter.sender,
        now=now,
        request_id=letter.request_id,
    )
    record(session, Event.REPLY_REROUTED, letter.about, now, reason=letter.template)
    log.info("reply.rerouted", message=letter.message_id, request=letter.request_id)
