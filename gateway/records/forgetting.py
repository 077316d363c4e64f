"""Removes people and phones, but nothing that a text still under way hangs on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session

from gateway.records.messages import InboundMessage, OutboundMessage
from gateway.records.people import Person
from gateway.records.phones import Phone
from gateway.records.requests import ALIVE, Request


def forget_phone(session: Session, phone: Phone) -> bool:
    """Delete a phone with its history. False where it could only be shut for now.

    A phone that is shut can ask for nothing more. Its row stays while an answer is under way: the
    directory may hold a password that nobody would be told, and the carrier a copy of the text.
    """
    _shut(phone)
    session.flush()
    if _is_busy(session, [phone.id]):
        return False
    _let_go_of_requests(session, Request.phone_id == phone.id)
    phone.person.phones.remove(phone)
    return True


def forget_person(session: Session, person: Person) -> bool:
    """Delete a person with phones and history. False where they could only be shut for now."""
    person.self_serve = False
    for phone in person.phones:
        _shut(phone)
    session.flush()
    if _is_busy(session, [phone.id for phone in person.phones]):
        return False
    _let_go_of_requests(session, Request.person_id == person.id)
    session.delete(person)
    return True


def _shut(phone: Phone) -> None:
    phone.verified_at, phone.verified_by = None, ""


def _is_busy(session: Session, phone_ids: Sequence[int]) -> bool:
    alive = exists().where(Request.phone_id.in_(phone_ids), Request.state.in_(ALIVE))
    under_way = exists().where(
        OutboundMessage.phone_id.in_(phone_ids),
        or_(
            OutboundMessage.ring_at.is_not(None),
            OutboundMessage.redact_at.is_not(None),
            OutboundMessage.seek_at.is_not(None),
        ),
    )
    return bool(session.scalar(select(or_(alive, under_way))))


def _let_go_of_requests(session: Session, which: ColumnElement[bool]) -> None:
    """An inbound text is kept for ever, for its sid; the request that it opened is not."""
    session.execute(
        update(InboundMessage)
        .where(InboundMessage.request_id.in_(select(Request.id).where(which)))
        .values(request_id=None)
    )
