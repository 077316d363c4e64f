"""NOTME: whatever is under way ends, a one-time password is made useless, and the MSP is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.engine import notices, requests
from gateway.engine.answers import say
from gateway.engine.inbound import Handled, Heard
from gateway.records import Person, Request
from gateway.records.freezing import freeze
from gateway.records.people import Sender
from gateway.records.requests import RequestState, awaiting_requests
from handlers.conversation import Say

log = structlog.get_logger()

LATELY: Final = timedelta(days=7)
"""Whose request of this phone is so old is not meant."""

STILL_SECRET: Final = (
    RequestState.APPLIED,
    RequestState.SENT,
    RequestState.DONE,
    RequestState.UNDELIVERED,
)


def disown(
    session: Session, heard: Heard, found: Sequence[Sender], replaced: Sequence[Sender] = ()
) -> Handled:
    """Freeze whoever was helped from this phone lately, or all of its people if nobody was.

    Whose number it was until another replaced it a moment ago is frozen in any case.

    Anybody who can forge a sender can do that to them, and then they have to call: the harm is
    smaller than that of a reset which somebody else has asked for.
    """
    meant = _meant(session, heard.now, found, replaced)
    _expire_all(session, meant, heard.now)
    for person in _locked(session, meant):
        if person.frozen_at is None:
            freeze(session, person, heard.now, mode="sms")
            notices.was_not_them(session, person, heard.now)
        _scramble_all(session, person.id, heard.now)
        log.warning("person.disowned", person=person.id)
    return say(session, heard, (*found, *replaced)[0], Say("not_me_done"))


def _meant(
    session: Session, now: datetime, found: Sequence[Sender], replaced: Sequence[Sender]
) -> Sequence[int]:
    phones = [each.phone_id for each in found]
    lately = select(Request.person_id).where(
        Request.phone_id.in_(phones), Request.created_at > now - LATELY
    )
    meant = {each.person_id for each in replaced} | set(session.scalars(lately))
    return sorted(meant or {each.person_id for each in found})


def _locked(session: Session, people: Sequence[int]) -> Sequence[Person]:
    wanted = select(Person).where(Person.id.in_(people)).order_by(Person.id).with_for_update()
    return session.scalars(wanted).all()


def _expire_all(session: Session, people: Sequence[int], now: datetime) -> None:
    """Requests are locked before people, as everywhere."""
    for waiting in awaiting_requests(session, people, now):
        requests.expire(session, waiting.id, now, "disowned")


def _scramble_all(session: Session, person_id: int, now: datetime) -> None:
    """What has not begun is refused by the worker, as they are frozen."""
    due: dict[str, Any] = {"scramble_at": now}
    session.execute(
        update(Request)
        .where(
            Request.person_id == person_id,
            Request.state.in_(STILL_SECRET),
            Request.scramble_at.is_not(None),
            Request.scramble_at > now,
        )
        .values(due)
    )
