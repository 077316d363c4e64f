"""What waits in each queue and for how long: the rows are asked, as Redis may have lost a ring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from gateway.engine.deliveries import REDACT_BY
from gateway.engine.doorbell import QueueName
from gateway.engine.strays import SOUGHT_BY
from gateway.records import Mail, OutboundMessage, Request, StrayText
from gateway.records.messages import NEVER, OutboundState
from gateway.records.requests import RequestState


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many rows that somebody has still to do something about, and since when."""

    count: int = 0
    since: datetime | None = None

    def __add__(self, other: Waiting) -> Waiting:
        both = [each for each in (self.since, other.since) if each]
        return Waiting(self.count + other.count, min(both, default=None))

    def seconds(self, now: datetime) -> float:
        return max(0.0, (now - self.since).total_seconds()) if self.since else 0.0


def waiting(session: Session, now: datetime) -> Mapping[QueueName, Waiting]:
    return {queue: count(session, now) for queue, count in COUNTS.items()}


def requests_in(session: Session, states: Sequence[RequestState]) -> Waiting:
    """Counted as well: for the oldest alone a database goes through all in the order of time."""
    counted = select(func.count(), func.min(Request.created_at)).where(Request.state.in_(states))
    return Waiting(*session.execute(counted).one())


def unsent_texts(session: Session) -> Waiting:
    """A text that waits is rung for, and one that is done with is not: an index knows."""
    counted = select(func.count(), func.min(OutboundMessage.created_at))
    return Waiting(*session.execute(counted.where(OutboundMessage.ring_at > NEVER)).one())


def _people(session: Session, _now: datetime) -> Waiting:
    """Requests to carry out and texts to send. Since when, not when they were last rung for."""
    to_do = (RequestState.QUEUED, RequestState.APPLYING)
    return requests_in(session, to_do) + unsent_texts(session)


def _copies(session: Session, now: datetime) -> Waiting:
    """Texts that have arrived or had their time, and whose copy has still to be emptied."""
    unreported = OutboundMessage.state == OutboundState.ACCEPTED
    had_its_time = and_(unreported, OutboundMessage.accepted_at <= now - REDACT_BY)
    late = _copies_where(session, had_its_time, REDACT_BY)
    late += _copies_where(session, ~unreported, timedelta())
    return late + _strays(session, now) + unsought(session, now)


def _strays(session: Session, now: datetime) -> Waiting:
    """Second copies of a text, which have had their time; since when is put off by each ring."""
    counted = select(func.count(), func.min(StrayText.redact_at)).where(
        StrayText.redact_at > NEVER, StrayText.found_at <= now - REDACT_BY
    )
    return Waiting(*session.execute(counted).one())


def unsought(session: Session, now: datetime) -> Waiting:
    """Texts that may have copies which the carrier should have told us of by now."""
    counted = select(func.count(), func.min(OutboundMessage.created_at)).where(
        OutboundMessage.seek_at > NEVER, OutboundMessage.created_at <= now - SOUGHT_BY
    )
    count, since = session.execute(counted).one()
    return Waiting(count, since + SOUGHT_BY if count else None)


def _copies_where(session: Session, which: ColumnElement[bool], grace: timedelta) -> Waiting:
    counted = select(func.count(), func.min(OutboundMessage.accepted_at)).where(
        OutboundMessage.redact_at > NEVER,
        which,
    )
    count, since = session.execute(counted).one()
    return Waiting(count, since + grace if since else None)


def _mails(session: Session, _now: datetime) -> Waiting:
    counted = select(func.count(), func.min(Mail.created_at)).where(Mail.ring_at > NEVER)
    return Waiting(*session.execute(counted).one())


COUNTS: Final[Mapping[QueueName, Callable[[Session, datetime], Waiting]]] = {
    QueueName.INTERACTIVE: _people,
    QueueName.MAIL: _mails,
    QueueName.MAINTENANCE: _copies,
}
