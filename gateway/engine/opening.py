"""Opens a request, or joins the one that is under way for the same account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from gateway.engine import requests
from gateway.engine.answers import say
from gateway.engine.doorbell import JobName
from gateway.engine.inbound import Handled, Heard, Ring
from gateway.engine.outbox import write
from gateway.records import Request
from gateway.records.audit import Event, record
from gateway.records.base import insert_once
from gateway.records.messages import texts_of_request
from gateway.records.people import Sender
from gateway.records.requests import (
    AliveRequest,
    AwaitingRequest,
    alive_request,
    awaiting_requests,
)
from handlers.conversation import Action, Do, Say

JOIN_TRIES: Final = 3
"""What stands in the way may end before it can be joined: then there is room after all."""

SAME_WORD_AGAIN: Final = timedelta(seconds=30)
SAME_WORD_TEXTS: Final = 3
"""The same word is texted so often and no more: whoever forges a RESET costs us little."""


def open_request(session: Session, heard: Heard, wish: Do, found: Sequence[Sender]) -> Handled:
    """Open a request, or join the one that is alive for this account."""
    sender = next(each for each in found if each.person_id == wish.account.key)
    if wish.action is Action.RESET and (again := _same_word(session, heard, sender)):
        return again
    for _ in range(JOIN_TRIES):
        opened = _opened(session, heard, sender, wish)
        if opened is not None:
            about = replace(sender.about, request_id=opened)
            record(session, Event.REQUEST_OPENED, about, heard.now, reason=wish.action)
            return Handled("opened", Ring(JobName.PERFORM, opened), opened)
        if alive := alive_request(session, sender.person_id):
            return join(session, heard, sender, wish.action, alive)
    raise AssertionError("a request could be neither opened nor joined")


def join(
    session: Session, heard: Heard, sender: Sender, action: Action, alive: AliveRequest
) -> Handled:
    """The same wish gets the answer that is under way; another wish is told to wait."""
    about = replace(sender.about, request_id=alive.id)
    record(session, Event.REQUEST_JOINED, about, heard.now, reason=action)
    ring: Ring | None = Ring(JobName.PERFORM, alive.id)
    if alive.action != action or alive.phone_id != sender.phone_id:
        ring = say(session, heard, sender, Say("busy", {"action": alive.action})).ring
    return Handled("joined", ring, alive.id)


def _opened(session: Session, heard: Heard, sender: Sender, wish: Do) -> int | None:
    """The id of a new request, or None where one of this account is alive already."""
    return insert_once(
        session,
        Request,
        tenant_id=sender.tenant_id,
        organization_id=sender.organization_id,
        person_id=sender.person_id,
        phone_id=sender.phone_id,
        sender=heard.text.our_number,
        action=wish.action,
        language=heard.language,
        is_guess=wish.is_guess,
        ring_at=heard.now + requests.FIRST_RING,
        created_at=heard.now,
        changed_at=heard.now,
    )


def _same_word(session: Session, heard: Heard, sender: Sender) -> Handled | None:
    """Who is asked for a word already gets the same one again, and the tries stay used.

    Asked for from another phone of theirs, it is another word: each is bound to its phone.
    """
    for waiting in awaiting_requests(session, [sender.person_id], heard.now):
        if waiting.phone_id == sender.phone_id:
            return _told_again(session, heard, sender, waiting)
        requests.expire(session, waiting.id, heard.now, "superseded")
    return None


def _told_again(
    session: Session, heard: Heard, sender: Sender, waiting: AwaitingRequest
) -> Handled:
    about = replace(sender.about, request_id=waiting.id)
    record(session, Event.REQUEST_JOINED, about, heard.now, reason=Action.RESET)
    texts = texts_of_request(session, waiting.id, "confirm")
    if not texts or len(texts) >= SAME_WORD_TEXTS or texts[-1].at > heard.now - SAME_WORD_AGAIN:
        return Handled("joined", None, waiting.id)
    text = write(
        session,
        sender,
        "confirm",
        texts[-1].facts,
        sender=heard.text.our_number,
        now=heard.now,
        request_id=waiting.id,
    )
    return Handled("joined", Ring(JobName.DELIVER, text), waiting.id)
