"""Words that are texted back: the right one lets a request go on, three wrong ones end it.

An inbound text proves nothing about its sender, but the word went to the verified phone alone
(NIST SP 800-63B-4 3.1.3.1). It is bound to its request and to the phone that asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gateway.confirmation_words import TRIES, is_word
from gateway.engine import requests
from gateway.engine.answers import say
from gateway.engine.doorbell import JobName
from gateway.engine.inbound import Handled, Heard, Ring
from gateway.limits import Exceeded
from gateway.records import Request
from gateway.records.about import About
from gateway.records.audit import Event, record
from gateway.records.people import Sender
from gateway.records.requests import (
    AwaitingRequest,
    RequestState,
    alive_request,
    awaiting_requests,
)
from gateway.seal import Seal
from handlers.conversation import Say

STILL_KNOWN: Final = timedelta(hours=1)
"""A word that comes so late is told to be late."""


class Words:
    """What a single word may mean that is no command."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def right(
        self, session: Session, heard: Heard, found: Sequence[Sender], word: str
    ) -> Handled | None:
        """Go on with the request whose word it is, if it is one's. It is no try if it is right.

        A wrong one of somebody who texts too often is a try: a flood must not make guesses free.
        """
        all_waiting = _waiting(session, heard, found)
        for waiting, sender in all_waiting:
            if is_word(self._seal, waiting.word_seed, word):
                return _confirmed(session, heard, waiting, sender)
        is_flood = isinstance(heard.verdict, Exceeded)
        return self.wrong(session, heard, found) if is_flood and all_waiting else None

    def wrong(self, session: Session, heard: Heard, found: Sequence[Sender]) -> Handled | None:
        """One try fewer for whatever waits for a word; or the word came too late."""
        waiting = _waiting(session, heard, found)
        if not waiting:
            return _under_way(session, found) or _late(session, heard, found)
        left = [_tried(session, heard, each, sender) for each, sender in waiting]
        told = Say("wrong_word") if any(left) else Say("word_ended")
        about = [_about(each, sender) for each, sender in waiting]
        return replace(say(session, heard, waiting[0][1], told), wrong_for=about)


def _waiting(
    session: Session, heard: Heard, found: Sequence[Sender]
) -> Sequence[tuple[AwaitingRequest, Sender]]:
    """What waits for a word of this very phone."""
    phones = {each.phone_id: each for each in found}
    waiting = awaiting_requests(session, [each.person_id for each in found], heard.now)
    return [(each, phones[each.phone_id]) for each in waiting if each.phone_id in phones]


def _confirmed(session: Session, heard: Heard, waiting: AwaitingRequest, sender: Sender) -> Handled:
    """Another request of theirs may be under way: then the word stays good, and they are told."""
    about = _about(waiting, sender)
    try:
        with session.begin_nested():
            went_on = requests.confirm(session, waiting.id, heard.now)
    except IntegrityError:
        went_on = False
    if not went_on:
        alive = alive_request(session, sender.person_id)
        return say(session, heard, sender, Say("busy", {"action": alive.action if alive else ""}))
    record(session, Event.WORD_CONFIRMED, about, heard.now)
    return Handled("confirmed", Ring(JobName.PERFORM, waiting.id), waiting.id)


def _tried(session: Session, heard: Heard, waiting: AwaitingRequest, sender: Sender) -> bool:
    """Whether there is a try left."""
    record(session, Event.WORD_WRONG, _about(waiting, sender), heard.now)
    if requests.count_try(session, waiting.id) < TRIES:
        return True
    requests.expire(session, waiting.id, heard.now, "wrong_word")
    return False


def _under_way(session: Session, found: Sequence[Sender]) -> Handled | None:
    """The right word was texted twice, or thanks for it: the answer is on its way."""
    for each in found:
        alive = alive_request(session, each.person_id)
        if alive and alive.phone_id == each.phone_id:
            return Handled("joined", Ring(JobName.PERFORM, alive.id), alive.id)
    return None


def _late(session: Session, heard: Heard, found: Sequence[Sender]) -> Handled | None:
    told = {
        "people": [each.person_id for each in found],
        "phones": [each.phone_id for each in found],
        "since": heard.now - STILL_KNOWN,
    }
    if session.connection().execute(_LATELY_EXPIRED, told).first():
        return say(session, heard, found[0], Say("word_late"))
    return None


def _about(waiting: AwaitingRequest, sender: Sender) -> About:
    return replace(sender.about, request_id=waiting.id)


_LATELY_EXPIRED: Final = (
    select(Request.id)
    .where(
        Request.person_id.in_(bindparam("people", expanding=True)),
        Request.phone_id.in_(bindparam("phones", expanding=True)),
        Request.state == RequestState.EXPIRED,
        Request.changed_at > bindparam("since"),
    )
    .limit(1)
)
