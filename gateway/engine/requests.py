"""The life of a request: which step may follow which, and how a worker takes hold of one.

            ┌─► refused(reason)                      nothing was changed; the person is told
queued ─► applying ─► applied ─► sent ─► done        the answer was delivered
   │ ▲       │           │         └───► undelivered no number of theirs could be reached
   │ │       │           └─────────────► undelivered
   │ └── awaiting ─► expired(reason)                 the word never came back; nothing was changed
   └─► stale └─► failed(reason)                      the person is told what is true

sent, done or undelivered ─► used                    somebody has set another password since
                          └► scrambled               a one-time password that nobody used is dead

Every step is one UPDATE that names the states it may leave and the attempt that took hold, so two
workers cannot both make it, and one that was overtaken changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Update, bindparam, exists, or_, update
from sqlalchemy.orm import Session

from gateway.records.audit import Event, record
from gateway.records.base import did_change, table_of
from gateway.records.people import HELPED, Person
from gateway.records.phones import Phone
from gateway.records.requests import Request, RequestState

LEASE: Final = timedelta(seconds=30)
"""How long a worker may hold a request before another may take it up."""

FIRST_RING: Final = timedelta(seconds=5)
"""How long the first doorbell has before the clock rings again."""

S = RequestState
STEPS: Final[dict[RequestState, frozenset[RequestState]]] = {
    S.QUEUED: frozenset({S.APPLYING, S.STALE}),
    S.APPLYING: frozenset({S.APPLYING, S.AWAITING_WORD, S.APPLIED, S.REFUSED, S.FAILED, S.STALE}),
    S.AWAITING_WORD: frozenset({S.QUEUED, S.EXPIRED}),
    S.APPLIED: frozenset({S.SENT, S.UNDELIVERED}),
    S.SENT: frozenset({S.DONE, S.UNDELIVERED, S.USED, S.SCRAMBLED}),
    S.DONE: frozenset({S.USED, S.SCRAMBLED}),
    S.UNDELIVERED: frozenset({S.USED, S.SCRAMBLED}),
    **dict.fromkeys((S.REFUSED, S.STALE, S.FAILED, S.USED, S.SCRAMBLED, S.EXPIRED), frozenset()),
}
"""What may follow each state. A state with nothing after it is final."""

BEFORE: Final = {
    state: tuple(each for each, follows in STEPS.items() if state in follows) for state in S
}
"""The states that each may be reached from."""

KEEPS_PASSWORD: Final = frozenset({S.QUEUED, S.APPLYING, S.APPLIED, S.SENT})
"""States in which a text may still have to carry the one-time password."""

NO_WORD: Final[Mapping[str, Any]] = {"word_seed": None, "word_until": None}
"""What is let go as soon as no word is awaited."""

_requests: Final = table_of(Request).c
_TAKE: Final = (
    update(table_of(Request))
    .where(
        _requests.id == bindparam("request_id"),
        _requests.state.in_((S.QUEUED, S.APPLYING)),
        or_(_requests.lease_until.is_(None), _requests.lease_until <= bindparam("now")),
    )
    .values(
        state=S.APPLYING,
        attempt=_requests.attempt + 1,
        lease_until=bindparam("until"),
        ring_at=bindparam("until"),
        changed_at=bindparam("now"),
    )
    .returning(_requests.attempt)
)


def take(session: Session, request_id: int, now: datetime) -> int | None:
    """Take hold of a request for LEASE. The attempt number, or None where another holds it.

    A crashed worker's request is taken up again from `applying`, with what it had sealed.
    """
    wanted = {"request_id": request_id, "now": now, "until": now + LEASE}
    attempt: int | None = session.connection().execute(_TAKE, wanted).scalar()
    return attempt


def keep(session: Session, request_id: int, attempt: int, **values: Any) -> bool:
    """Write something down for a request, if this attempt still holds it."""
    statement = update(table_of(Request)).where(
        _requests.id == request_id, _requests.attempt == attempt, _requests.state == S.APPLYING
    )
    return did_change(session, statement.values(values))


def seal_away(session: Session, request_id: int, attempt: int, sealed_password: str) -> bool:
    """Keep a password, if this attempt still holds the request and its phone may be answered."""
    wanted = {"id_": request_id, "attempt_": attempt, "sealed": sealed_password}
    return session.connection().execute(_SEAL_AWAY, wanted).rowcount > 0


_SEAL_AWAY: Final = (
    update(table_of(Request))
    .where(
        _requests.id == bindparam("id_"),
        _requests.attempt == bindparam("attempt_"),
        _requests.state == S.APPLYING,
        exists().where(
            Phone.id == _requests.phone_id,
            Phone.verified_at.is_not(None),
            Phone.opted_out_at.is_(None),
            Person.id == Phone.person_id,
            HELPED,
        ),
    )
    .values(sealed_password=bindparam("sealed"))
)


def move(
    session: Session,
    request_id: int,
    state: RequestState,
    now: datetime,
    *,
    attempt: int | None = None,
    reason: str = "",
    **values: Any,
) -> bool:
    """Move a request on, if its life knows this step and, where given, the attempt holds it.

    False where it stands elsewhere by now; then nothing was changed.
    """
    values |= {"state": state, "reason": reason, "changed_at": now}
    values |= {"lease_until": None, "ring_at": None}
    if state not in KEEPS_PASSWORD:
        values["sealed_password"] = None
    statement = _moving(state, tuple(values), fenced=attempt is not None)
    told = {f"new_{name}": value for name, value in values.items()}
    told |= {"request_id": request_id} | ({} if attempt is None else {"attempt_held": attempt})
    return session.connection().execute(statement, told).rowcount > 0


@cache
def _moving(state: RequestState, names: tuple[str, ...], *, fenced: bool) -> Update:
    """Made once for each kind of step: making a statement costs as much as running it."""
    statement = update(table_of(Request)).where(
        _requests.id == bindparam("request_id"), _requests.state.in_(BEFORE[state])
    )
    if fenced:
        statement = statement.where(_requests.attempt == bindparam("attempt_held"))
    return statement.values({name: bindparam(f"new_{name}") for name in names})


def confirm(session: Session, request_id: int, now: datetime) -> bool:
    """The word came back: the request waits for a worker, with all its time before it again.

    Raises IntegrityError where another of this account is alive.
    """
    statement = update(table_of(Request)).where(
        _requests.id == request_id, _requests.state == S.AWAITING_WORD, _requests.word_until > now
    )
    waits = {"state": S.QUEUED, "confirmed_at": now, "ring_at": now + FIRST_RING}
    return did_change(session, statement.values(**waits, **NO_WORD, changed_at=now))


def expire(session: Session, request_id: int, now: datetime, reason: str) -> bool:
    """The word that was asked for is of no use any more, and nothing was changed."""
    if not move(session, request_id, S.EXPIRED, now, reason=reason, **NO_WORD):
        return False
    request = session.get_one(Request, request_id)
    record(session, Event.REQUEST_EXPIRED, request, now, reason=reason)
    return True


def count_try(session: Session, request_id: int) -> int:
    """One more wrong word: how many that makes. Simultaneous ones wait for each other."""
    statement = (
        update(table_of(Request))
        .where(_requests.id == request_id, _requests.state == S.AWAITING_WORD)
        .values(word_tries=_requests.word_tries + 1)
        .returning(_requests.word_tries)
    )
    return int(session.connection().execute(statement).scalar() or 0)


def hand_back(
    session: Session, request_id: int, attempt: int, ring_at: datetime, **values: Any
) -> bool:
    """Let go of a request until then; whoever comes next goes on with what was sealed."""
    return keep(session, request_id, attempt, lease_until=None, ring_at=ring_at, **values)
