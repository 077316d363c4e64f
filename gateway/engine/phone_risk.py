"""Whether a phone may be trusted with a password just now: asked of the carrier, by policy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from gateway.carriers.lookup import (
    LineType,
    LookedUp,
    LookupFailed,
    NumberLookup,
    SimSwap,
    Wanted,
)
from gateway.engine import outcomes
from gateway.engine.outcomes import Outcome
from gateway.policy import LookupFails, Policy
from gateway.records.assignments import Assignment
from gateway.seal import Seal
from handlers.conversation import Action

log = structlog.get_logger()

SIM_SWAPPED: Final = "sim_swapped"
LINE_TYPE: Final = "line_type"
FAILED: Final = "lookup_failed"

REMEMBERED: Final = 500
"""Requests that a directory has put off are taken up every few seconds, and asked for once."""


class PhoneRisk:
    """Asks before a reset, while the directory has not heard of it; no session is open meanwhile.

    Another worker, or one that was restarted, asks and pays again.
    """

    def __init__(self, seal: Seal, lookup: NumberLookup, now: Callable[[], datetime]) -> None:
        self._seal = seal
        self._lookup = lookup
        self._now = now
        self._passed: deque[int] = deque(maxlen=REMEMBERED)

    def objection(self, work: Assignment) -> Outcome | None:
        """Why this phone gets no password now, with what the person is told."""
        wanted = Wanted(work.policy.lookup.asks_line_type, work.policy.lookup.asks_sim_swap)
        is_asked = work.action == Action.RESET and (wanted.line_type or wanted.sim_swap)
        if not is_asked or work.request_id in self._passed:
            return None
        if reason := self._reason(work, wanted):
            return outcomes.not_allowed(Action.RESET, reason, "lookup_refused")
        self._passed.append(work.request_id)
        return None

    def _reason(self, work: Assignment, wanted: Wanted) -> str | None:
        number = self._seal.unseal(work.sealed_number)
        told = self._lookup.look(number.get_secret_value(), wanted)
        reason = _judged(told, wanted, work.policy, self._now())
        if reason is None:
            return None
        is_let_go = reason == FAILED and work.policy.lookup_fails is LookupFails.OPEN
        log.warning(
            "request.phone_doubted",
            request=work.request_id,
            reason=reason,
            refused=not is_let_go,
            **_details(told),
        )
        return None if is_let_go else reason


def _judged(
    told: LookedUp | LookupFailed, wanted: Wanted, policy: Policy, now: datetime
) -> str | None:
    """What is known to be wrong counts before what is not known."""
    if isinstance(told, LookupFailed):
        return FAILED
    found = {_of_the_line(told.line_type) if wanted.line_type else None}
    if wanted.sim_swap:
        found.add(_of_the_sim(told.sim_swap, timedelta(hours=policy.sim_swap_hours), now))
    return next((reason for reason in (SIM_SWAPPED, LINE_TYPE, FAILED) if reason in found), None)


def _of_the_line(kind: LineType | None) -> str | None:
    """A VoIP number belongs to whoever has the password of a web account: it proves no phone."""
    if kind is LineType.MOBILE:
        return None
    return LINE_TYPE if kind else FAILED


def _of_the_sim(swap: SimSwap | None, span: timedelta, now: datetime) -> str | None:
    """A swap whose time is not told may be of just now; a no counts as far as the carrier looks."""
    match swap:
        case SimSwap(last_at=datetime() as last_at):
            return SIM_SWAPPED if last_at > now - span else None
        case SimSwap(was_swapped=True):
            return SIM_SWAPPED
        case SimSwap(was_swapped=False, was_within=timedelta() as looked) if looked >= span:
            return None
        case _:
            return FAILED


def _details(told: LookedUp | LookupFailed) -> dict[str, str | int | None]:
    """For the log: neither the number nor the time, which would tell whose phone it is."""
    if isinstance(told, LookupFailed):
        return {"why": told.why, "code": told.code}
    return {"line_type": told.line_type, "code": told.code}
