"""Answers to a text that change nothing: written in the transaction that keeps the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from gateway.engine.doorbell import JobName
from gateway.engine.inbound import Handled, Heard, Ring
from gateway.engine.outbox import write
from gateway.limits import CannotSay, Exceeded
from gateway.records import OutboundMessage
from gateway.records.people import Sender
from gateway.records.questions import Asked, ask
from gateway.spoken_times import spoken_until
from gateway.wording import LONGEST, SAYS_WHOM_TO_CALL
from handlers.conversation import Ask, Fact, Say

ANSWER_WITHIN: Final = timedelta(minutes=10)
"""For how long a question is remembered."""

QUIET: Final = timedelta(minutes=10)
"""While nobody can count, a phone gets no more than one answer in this time."""


def say(session: Session, heard: Heard, to: Sender, answer: Say) -> Handled:
    """Answer with a template. It is counted when it is sent.

    While nobody can count, a phone gets one answer and then none for a while.
    """
    if isinstance(heard.verdict, CannotSay) and _was_told_lately(session, heard, to):
        return Handled("uncounted")
    reply = write(
        session, to, answer.template, answer.facts, sender=heard.text.our_number, now=heard.now
    )
    return Handled(f"said_{answer.template}", Ring(JobName.DELIVER, reply))


def too_often(session: Session, heard: Heard, to: Sender, exceeded: Exceeded) -> Handled:
    """They are told once when they may try again, and then no more."""
    if not exceeded.is_first:
        return Handled("too_often")
    seconds, zone = exceeded.retry_after_seconds, ZoneInfo(to.time_zone)
    until = spoken_until(seconds, heard.now, zone, to.language)
    return say(session, heard, to, Say("limit_reached", {"until": until}))


def uncounted(session: Session, heard: Heard, to: Sender, answer: Say) -> Handled:
    """Nobody can count just now: the one answer says whom to call."""
    useful = answer.template in SAYS_WHOM_TO_CALL
    return say(session, heard, to, answer if useful else Say("failed"))


def _was_told_lately(session: Session, heard: Heard, to: Sender) -> bool:
    told = {"phone_id": to.phone_id, "since": heard.now - QUIET}
    return session.connection().execute(_LATELY, told).first() is not None


def which_account(
    session: Session, heard: Heard, found: Sequence[Sender], question: Ask
) -> Handled:
    """Ask which account is meant, and remember the question."""
    people = [each.key for each in question.accounts]
    remembered = Asked(question.action, people, question.is_guess)
    ask(session, heard.indexes[0], remembered, heard.now + ANSWER_WITHIN)
    listed = _listed([each for each in found if each.person_id in people])
    facts: Mapping[str, Fact] = MappingProxyType(
        {"command": question.action.upper(), "accounts": listed}
    )
    return say(session, heard, found[0], Say("several_accounts", facts))


def _listed(offered: Sequence[Sender]) -> str:
    """`1 a.smith, 2 b.jones`; empty where there are too many for one text.

    Organizations are named only where the names of accounts do not tell them apart.
    """
    names = [each.username for each in offered]
    alike = len({name.casefold() for name in names}) < len(names)
    if alike:
        names = [f"{each.username} {each.organization}" for each in offered]
    room = LONGEST["accounts"] // len(names) - len("10 , ")
    if room < SHORTEST_NAME:
        return ""
    return ", ".join(f"{n} {name[:room].rstrip()}" for n, name in enumerate(names, 1))


SHORTEST_NAME: Final = 5

_LATELY: Final = (
    select(OutboundMessage.id)
    .where(
        OutboundMessage.phone_id == bindparam("phone_id"),
        OutboundMessage.created_at > bindparam("since"),
    )
    .limit(1)
)
