"""The whole life of one request as the records tell it: who, what, its answers, and when."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.carriers.twilio_codes import meaning_of
from gateway.cli.request_words import MEANING
from gateway.phones import PhoneNumber
from gateway.records import AuditEvent, InboundMessage, Mail, OutboundMessage, Phone, Request
from gateway.seal import Seal

AROUND: Final = timedelta(minutes=1)

CODE: Final = re.compile(r"(?:^|_)([0-9]{5})$")
"""The carrier's code at the end of a reason, such as `30003` or `refused_21614`."""

OUTCOMES: Final = {"opened": "it opened the request", "joined": "it joined the request"}


def summary(request: Request) -> dict[str, Any]:
    """A line of the list."""
    return {
        "id": request.id,
        "organization": request.organization.slug,
        "username": request.person.username,
        "action": request.action,
        "state": request.state,
        "reason": request.reason,
        "attempts": request.attempt,
        "asked_at": _iso(request.created_at),
        "changed_at": _iso(request.changed_at),
    }


def story(session: Session, request: Request, seal: Seal) -> dict[str, Any]:
    """Everything but secrets: the number masked, and of a password only whether one is kept."""
    texts, mails = _texts_out(session, request), _mails(session, request)
    number = seal.unseal(session.get_one(Phone, request.phone_id).sealed_number)
    return summary(request) | {
        "phone": PhoneNumber(number.get_secret_value()).masked,
        "meaning": MEANING[request.state],
        "password_is_kept": request.sealed_password is not None,
        "held_until": _iso(request.lease_until),
        "rung_for_at": _iso(request.ring_at),
        "answers": [_answer(text) for text in texts],
        "mails": [_mail(mail) for mail in mails],
        "timeline": [_entry(*each) for each in _timeline(session, request, texts, mails)],
    }


def _texts_out(session: Session, request: Request) -> Sequence[OutboundMessage]:
    return session.scalars(
        select(OutboundMessage)
        .where(OutboundMessage.request_id == request.id)
        .order_by(OutboundMessage.id)
    ).all()


def _mails(session: Session, request: Request) -> Sequence[Mail]:
    return session.scalars(
        select(Mail).where(Mail.request_id == request.id).order_by(Mail.id)
    ).all()


def _texts_in(session: Session, request: Request) -> Sequence[InboundMessage]:
    """They came while it was alive: a short time, which is indexed, and the request is not."""
    first, last = request.created_at - AROUND, request.changed_at + AROUND
    return session.scalars(
        select(InboundMessage).where(
            InboundMessage.received_at.between(first, last), InboundMessage.request_id == request.id
        )
    ).all()


def _answer(text: OutboundMessage) -> dict[str, Any]:
    return {
        "id": text.id,
        "template": text.template,
        "language": text.language,
        "state": text.state,
        "carrier_status": text.carrier_status,
        "error_code": text.error_code,
        "meaning": meaning_of(text.error_code),
        "attempts": text.attempt,
        "unknown_outcomes": text.unknown_outcomes,
        "sid": text.sid,
        "written_at": _iso(text.created_at),
        "accepted_at": _iso(text.accepted_at),
        "copy_emptied_at": _iso(text.redacted_at),
    }


def _mail(mail: Mail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "to": mail.recipient,
        "template": mail.template,
        "state": mail.state,
        "error": mail.error,
        "attempts": mail.attempt,
        "written_at": _iso(mail.created_at),
        "sent_at": _iso(mail.sent_at),
    }


def _timeline(
    session: Session, request: Request, texts: Sequence[OutboundMessage], mails: Sequence[Mail]
) -> list[tuple[datetime, str, str]]:
    """In the order of time; what has the same time stays in the order of cause and effect."""
    entries = [
        *(
            (each.received_at, "text received", OUTCOMES.get(each.outcome, each.outcome))
            for each in _texts_in(session, request)
        ),
        *_audited(session, request),
        *((each.created_at, f"answer {each.id} written", each.template) for each in texts),
    ]
    entries += [(each.created_at, f"mail {each.id} written", each.template) for each in mails]
    return sorted(entries, key=lambda entry: (entry[0], entry[1].startswith("reply:")))


def _audited(session: Session, request: Request) -> Iterator[tuple[datetime, str, str]]:
    events = select(AuditEvent).where(AuditEvent.request_id == request.id).order_by(AuditEvent.id)
    for event in session.scalars(events):
        by = "by an operator" if event.mode == "cli" else ""
        code = CODE.search(event.reason)
        meaning = meaning_of(int(code[1])) if code else ""
        yield event.at, event.event, ", ".join(filter(None, (event.reason, meaning, by)))


def _entry(at: datetime, what: str, detail: str) -> dict[str, Any]:
    return {"at": _iso(at), "what": what, "detail": detail}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
