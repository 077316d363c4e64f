"""Asks for a word before anything is changed, and lets the request wait until it comes back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.confirmation_words import WORKS_FOR, new_seed
from gateway.engine import requests
from gateway.engine.acting import Overtaken
from gateway.engine.outbox import write
from gateway.records import Phone
from gateway.records.assignments import Assignment
from gateway.records.audit import Event, record
from gateway.records.letters import ASKS_FOR_WORD
from gateway.records.requests import RequestState, awaiting_requests
from gateway.seal import Seal
from handlers.conversation import Fact
from handlers.vocabulary import Vocabulary


class Asking:
    """Only the verified phone is told the word, so only who holds it can text it back."""

    def __init__(self, seal: Seal, vocabulary: Vocabulary) -> None:
        self._seal = seal
        self._vocabulary = vocabulary

    def ask(self, session: Session, work: Assignment, now: datetime) -> int:
        """The id of the text, held by whoever sends it. Raises Overtaken."""
        for older in awaiting_requests(session, [work.person_id], now):
            requests.expire(session, older.id, now, "superseded")
        seed = new_seed(self._seal, self._vocabulary)
        waits: dict[str, Any] = {"word_seed": seed, "word_tries": 0, "word_until": now + WORKS_FOR}
        waits["admitted_at"] = None  # the reset itself is counted when the word is back
        state = RequestState.AWAITING_WORD
        if not requests.move(session, work.request_id, state, now, attempt=work.attempt, **waits):
            raise Overtaken
        record(session, Event.WORD_ASKED, work.about, now)
        facts: dict[str, Fact] = {"account": _which(session, work)}
        return write(
            session,
            work,
            ASKS_FOR_WORD,
            facts,
            sender=work.sender,
            now=now,
            request_id=work.request_id,
            held=True,
        )


def _which(session: Session, work: Assignment) -> str:
    """The account is named where the phone has several."""
    verified = (
        select(func.count())
        .select_from(Phone)
        .where(Phone.number_index == work.number_index, Phone.verified_at.is_not(None))
    )
    return work.username if (session.scalar(verified) or 0) > 1 else ""
