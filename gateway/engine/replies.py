"""Sends what waits in the outbox: one GSM-7 segment, rendered at the last moment."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from pydantic import SecretStr
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from gateway.carriers import (
    Accepted,
    Carrier,
    CarrierError,
    CarrierMisconfigured,
    RecipientOptedOut,
    SendLater,
    SendUnknown,
)
from gateway.engine import requests
from gateway.engine.deliveries import Deliveries, close_request
from gateway.records import OutboundMessage, Request
from gateway.records.audit import Event, record
from gateway.records.database import Database
from gateway.records.messages import OutboundState
from gateway.records.requests import RequestState, alive_request
from gateway.seal import Seal
from gateway.wording import needs_password, render
from handlers.conversation import Fact

log = structlog.get_logger()

VALIDITY_SECONDS: Final = 300
"""How long the carrier may hold a text back; a later one could carry a dead password."""

REDACT_BY: Final = timedelta(minutes=10)
"""The carrier's copy is emptied after this even where no final status ever comes."""

UNKNOWN_WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 45))
"""After an unknown outcome the very same text is sent again, so often and then no more.

It may arrive twice; a password that was set and never told would be worse.
"""

MISCONFIGURED_WAIT: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Letter:
    """One text in the hands of one attempt, with nothing left to ask the database for."""

    message_id: int
    attempt: int
    sender: str
    sealed_number: str
    template: str
    language: str
    facts: Mapping[str, Fact]
    sealed_password: str | None


class Replies:
    """Delivers waiting texts. Safe to call twice, from anywhere, at any time."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        carrier: Carrier,
        deliveries: Deliveries,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._seal = seal
        self._carrier = carrier
        self._deliveries = deliveries
        self._now = now

    def deliver(self, message_id: int) -> None:
        """Send one text if it waits and nobody else is sending it."""
        with self._database.transaction() as session:
            letter = self._take(session, message_id)
        if letter is None:
            return
        result = self._send(letter)
        with self._database.transaction() as session:
            self._settle(session, letter, result)
        if isinstance(result, Accepted):
            self._deliveries.catch_up(result.sid)

    def _take(self, session: Session, message_id: int) -> Letter | None:
        now = self._now()
        taken = session.execute(
            update(OutboundMessage)
            .where(
                OutboundMessage.id == message_id,
                OutboundMessage.state == OutboundState.WAITING,
                or_(OutboundMessage.lease_until.is_(None), OutboundMessage.lease_until <= now),
            )
            .values(
                attempt=OutboundMessage.attempt + 1,
                lease_until=now + requests.LEASE,
                ring_at=now + requests.LEASE,
            )
            .returning(OutboundMessage.id)
        ).first()
        if taken is None:
            return None
        message = session.get_one(OutboundMessage, message_id, populate_existing=True)
        request = session.get(Request, message.request_id) if message.request_id else None
        sealed = request.sealed_password if request else None
        if reason := _hopeless(message, sealed, now) or _superseded(session, message):
            self._fail(session, message, reason)
            return None
        return _letter(message, sealed)

    def _send(self, letter: Letter) -> Accepted | CarrierError:
        body = self._render(letter)
        to = self._seal.unseal(letter.sealed_number)
        try:
            return self._carrier.send(letter.sender, to.get_secret_value(), body, VALIDITY_SECONDS)
        except CarrierError as error:
            return error

    def _render(self, letter: Letter) -> SecretStr:
        facts = dict(letter.facts)
        if needs_password(letter.template) and letter.sealed_password:
            facts["password"] = self._seal.unseal(letter.sealed_password).get_secret_value()
        return SecretStr(render(letter.template, letter.language, facts))

    def _settle(self, session: Session, letter: Letter, result: Accepted | CarrierError) -> None:
        message = session.get_one(OutboundMessage, letter.message_id, with_for_update=True)
        if message.attempt != letter.attempt or message.state != OutboundState.WAITING:
            log.warning("reply.overtaken", message=letter.message_id)
            return
        if isinstance(result, Accepted):
            self._accepted(session, message, result)
        else:
            self._not_accepted(session, message, result)

    def _accepted(self, session: Session, message: OutboundMessage, result: Accepted) -> None:
        now = self._now()
        message.state, message.sid = OutboundState.ACCEPTED, result.sid
        message.carrier_status, message.accepted_at = result.status, now
        message.lease_until = message.ring_at = None
        message.redact_at = now + REDACT_BY
        request = session.get(Request, message.request_id) if message.request_id else None
        if request and request.state == RequestState.APPLIED:
            requests.step(request, RequestState.SENT, now)
        record(session, Event.REPLY_ACCEPTED, request, now, reason=message.template)
        log.info("reply.accepted", message=message.id, template=message.template, sid=result.sid)

    def _not_accepted(
        self, session: Session, message: OutboundMessage, error: CarrierError
    ) -> None:
        message.error_code = error.code
        log.warning(
            "reply.not_accepted",
            message=message.id,
            error=type(error).__name__,
            code=error.code,
            attempt=message.attempt,
        )
        if isinstance(error, SendUnknown):
            message.unknown_outcomes += 1
        wait = _wait(message, error)
        if wait is None:
            self._fail(session, message, _reason(error))
        else:
            message.lease_until = None
            message.ring_at = self._now() + wait
        if isinstance(error, RecipientOptedOut):
            message.phone.opted_out_at = message.phone.opted_out_at or self._now()

    def _fail(self, session: Session, message: OutboundMessage, reason: str) -> None:
        """It will not be sent: a person may be waiting for it, so this is said loudly."""
        message.state = OutboundState.FAILED
        message.lease_until = message.ring_at = None
        close_request(session, message, Event.REPLY_FAILED, reason, self._now())
        log.error("reply.failed", message=message.id, template=message.template, reason=reason)


def _hopeless(message: OutboundMessage, sealed: str | None, now: datetime) -> str | None:
    if message.expires_at <= now:
        return "expired"
    if message.phone.opted_out_at:
        return "opted_out"
    if message.phone.verified_at is None:
        return "phone_shut"
    if needs_password(message.template) and not sealed:
        return "password_erased"
    return None


def _superseded(session: Session, message: OutboundMessage) -> str | None:
    """What would now be false: an older answer after a newer one, or "wait" after the answer.

    A password is never held back for this: no newer request is opened before it was sent.
    """
    if message.template == "busy":
        waits = alive_request(session, message.phone.person_id) is not None
        return None if waits else "superseded"
    if message.request_id is None or needs_password(message.template):
        return None
    newer = select(OutboundMessage.id).where(
        OutboundMessage.phone_id == message.phone_id,
        OutboundMessage.request_id > message.request_id,
    )
    return "superseded" if session.scalar(newer.limit(1)) else None


def _letter(message: OutboundMessage, sealed_password: str | None) -> Letter:
    organization = message.phone.person.organization
    brand = {"organization": organization.name, "support": organization.support}
    return Letter(
        message_id=message.id,
        attempt=message.attempt,
        sender=message.sender,
        sealed_number=message.phone.sealed_number,
        template=message.template,
        language=message.language,
        facts={**brand, **message.facts},
        sealed_password=sealed_password,
    )


def _wait(message: OutboundMessage, error: CarrierError) -> timedelta | None:
    """How long to wait before the same text is tried again, or None for no more."""
    match error:
        case SendLater():
            return timedelta(seconds=min(30, 2**message.attempt) * random.uniform(0.5, 1))  # noqa: S311  (jitter)
        case SendUnknown() if message.unknown_outcomes <= len(UNKNOWN_WAITS):
            return UNKNOWN_WAITS[message.unknown_outcomes - 1]
        case CarrierMisconfigured():
            return MISCONFIGURED_WAIT
        case _:
            return None


def _reason(error: CarrierError) -> str:
    name = {RecipientOptedOut: "opted_out", SendUnknown: "unknown"}.get(type(error), "refused")
    return f"{name}_{error.code}" if error.code else name
