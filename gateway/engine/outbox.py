"""Texts that wait to be sent: written in the transaction that makes them true, sent later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from gateway.engine.requests import FIRST_RING
from gateway.records import OutboundMessage, Phone, Request
from handlers.conversation import Fact

WORTH_SENDING: Final = timedelta(minutes=10)
"""How long an answer is tried for. Later it would only confuse, and a password would be old."""


def language_of(phone: Phone) -> str:
    return phone.person.language or phone.person.organization.language


def write(
    session: Session,
    phone: Phone,
    template: str,
    facts: Mapping[str, Fact],
    *,
    sender: str,
    now: datetime,
    request: Request | None = None,
) -> OutboundMessage:
    """Put a text into the outbox. The facts are stored: a password is never one of them."""
    message = OutboundMessage(
        tenant_id=phone.tenant_id,
        phone_id=phone.id,
        request_id=request.id if request else None,
        template=template,
        language=language_of(phone),
        facts=dict(facts),
        sender=sender,
        ring_at=now + FIRST_RING,
        expires_at=now + WORTH_SENDING,
        created_at=now,
    )
    session.add(message)
    session.flush()
    return message
