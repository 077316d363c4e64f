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

from gateway.confirmation_words import TRIES, is_word, may_be_word
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

TOLD_TO_BE_LATE: Final = frozenset({"too_late", "wrong_word", "undelivered"})
STILL_KNOWN: Final = timedelta(hours=1)
"""A word that comes so late is told to be late."""


class Words:
    """What a single word may mean that is no command."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def look(
        self,
        session: Session,
        heard: Heard,
        found: Sequence[Sender],
        word: str,
        *,
        is_reply: bool,
    ) -> Handled | None:
        """Go on with the request whose word it is, whatever was counted, or count a try.

        None where it is nothing of the kind, as the reply to another question may not be.
        """
        waiting = _waiting(session, heard, found)
        for each, sender in waiting:
            if is_word(self._seal, each.word_seed, word):
                return _confirmed(session, heard, each, sender)
        if is_reply:
            return None
        if waiting:
            return _wrong(session, heard, waiting, word)
        if isinstance(heard.verdict, Exceeded):
            return None
        return _under_way(session, found) or _late(session, heard, found)


Waiting = Sequence[tuple[AwaitingRequest, Sender]]


def _wrong(session: Session, heard: Heard, waiting: Waiting, word: str) -> Handled | None:
    """One try fewer for whatever waits for a word.

    It is counted however much was texted before, though then it is not answered: a flood must
    not hide guesses. What can be nobody's word, such as `thanks`, is no guess.
    """
    is_flood = isinstance(heard.verdict, Exceeded)
    if not may_be_word(word):
        return None if is_flood else say(session, heard, waiting[0][1], Say("wrong_word"))
    left = [_tried(session, heard, each, sender) for each, sender in waiting]
    about = [_about(each, sender) for each, sender in waiting]
    if is_flood:
        return Handled("too_often", wrong_for=about)
    told = Say("wrong_word") if any(left) else Say("word_ended")
    return replace(say(session, heard, waiting[0][1], told), wrong_for=about)


def _waiting(session: Session, heard: Heard, found: Sequence[Sender]) -> Waiting:
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
        told = Say("busy", {"action": alive.action}) if alive else Say("word_late")
        return say(session, heard, sender, told)
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
    """Only where nothing was asked for since, so that it is no answer to something else."""
    told = {"phones": [each.phone_id for each in found], "since": heard.now - STILL_KNOWN}
    newest = session.connection().execute(_NEWEST, told).first()
    if newest and newest.state == RequestState.EXPIRED and newest.reason in TOLD_TO_BE_LATE:
        return say(session, heard, found[0], Say("word_late"))
    return None


def _about(waiting: AwaitingRequest, sender: Sender) -> About:
    return replace(sender.about, request_id=waiting.id)


_NEWEST: Final = (
    select(Request.state, Request.reason)
    .where(
        Request.phone_id.in_(bindparam("phones", expanding=True)),
        Request.created_at > bindparam("since"),
    )
    .order_by(Request.id.desc())
    .limit(1)
)
