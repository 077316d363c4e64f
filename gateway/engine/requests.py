"""The life of a request: which step may follow which, and how a worker takes hold of one.

            ┌─► refused(reason)                      nothing was changed; the person is told
queued ─► applying ─► applied ─► sent ─► done        the answer was delivered
   │         │           │         └───► undelivered the answer did not reach them
   │         │           └─────────────► undelivered
   └─► stale └─► failed(reason)                      the person is told what is true

Every step is one UPDATE that names the state it leaves and the attempt that took hold, so two
workers cannot both make it, and one that was overtaken changes nothing any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CursorResult, or_, update
from sqlalchemy.orm import Session

from gateway.records.requests import Request, RequestState

LEASE: Final = timedelta(seconds=30)
"""How long a worker may hold a request before another may take it up."""

FIRST_RING: Final = timedelta(seconds=5)
"""How long the first doorbell has before the clock rings again."""

S = RequestState
STEPS: Final[dict[RequestState, frozenset[RequestState]]] = {
    S.QUEUED: frozenset({S.APPLYING, S.STALE}),
    S.APPLYING: frozenset({S.APPLYING, S.APPLIED, S.REFUSED, S.FAILED, S.STALE}),
    S.APPLIED: frozenset({S.SENT, S.UNDELIVERED}),
    S.SENT: frozenset({S.DONE, S.UNDELIVERED}),
    **dict.fromkeys((S.DONE, S.REFUSED, S.STALE, S.FAILED, S.UNDELIVERED), frozenset()),
}
"""What may follow each state. A state with nothing after it is final."""


def take(session: Session, request_id: int, now: datetime) -> int | None:
    """Take hold of a request for LEASE. The attempt number, or None where another holds it.

    A crashed worker's request is taken up again from `applying`, with what it had sealed.
    """
    taken: CursorResult[tuple[()]] = session.execute(  # type: ignore[assignment]  # an UPDATE
        update(Request)
        .where(
            Request.id == request_id,
            Request.state.in_((S.QUEUED, S.APPLYING)),
            or_(Request.lease_until.is_(None), Request.lease_until <= now),
        )
        .values(
            state=S.APPLYING,
            attempt=Request.attempt + 1,
            lease_until=now + LEASE,
            ring_at=now + LEASE,
            changed_at=now,
        )
    )
    if not taken.rowcount:
        return None
    return session.get_one(Request, request_id, populate_existing=True).attempt


def held(session: Session, request_id: int, attempt: int) -> Request | None:
    """The request, if this attempt still holds it; locked until the transaction ends."""
    request = session.get(Request, request_id, with_for_update=True, populate_existing=True)
    if request is None or request.attempt != attempt or request.state != S.APPLYING:
        return None
    return request


def step(request: Request, state: RequestState, now: datetime, reason: str = "") -> None:
    """Move a request on. A step that the life of a request does not know is a bug of ours."""
    if state not in STEPS[RequestState(request.state)]:
        raise AssertionError(f"a request cannot go from {request.state} to {state}")
    request.state = state
    request.reason = reason
    request.changed_at = now
    request.lease_until = None
    request.ring_at = None
    if not STEPS[state]:
        request.sealed_password = None


def hand_back(request: Request, now: datetime, wait: timedelta) -> None:
    """Let go of a request for a while; whoever comes next goes on with what was sealed."""
    request.lease_until = None
    request.ring_at = now + wait
    request.changed_at = now
