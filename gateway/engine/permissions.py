"""What may be done for whom by text: decided before the directory hears of a request."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from gateway.engine import outcomes
from gateway.engine.outcomes import Outcome
from gateway.records.assignments import Assignment
from gateway.spoken_times import spoken_time
from handlers.conversation import Action, Fact

WORDS_FOR: Final = MappingProxyType({"frozen": "frozen", "not_enabled": "not_enabled"})
"""What says more than that the account cannot be helped."""


def objection(work: Assignment, now: datetime) -> Outcome | None:
    """Why nothing may be done, with what the person is told; None where nothing is against it.

    STATUS changes nothing, so it is there for everybody who may help themselves at all.
    """
    action, policy = Action(work.action), work.policy
    if work.shut:
        return outcomes.not_allowed(action, work.shut, WORDS_FOR.get(work.shut, "refused"))
    if not policy.self_serve:
        return outcomes.not_allowed(action, "self_serve_off", "not_enabled")
    if policy.email_required and not work.has_email:
        return outcomes.not_allowed(action, "no_email", "no_email")
    if policy.needs_approval and action is not Action.STATUS:
        return outcomes.not_allowed(action, "needs_approval", "approval_needed")
    if action is Action.RESET:
        return _against_a_reset(work, now)
    if action is Action.UNLOCK and not policy.unlock_by_sms:
        return outcomes.not_allowed(action, "unlock_by_sms_off", "unlock_off")
    return None


def _against_a_reset(work: Assignment, now: datetime) -> Outcome | None:
    """A hold is let go by setting its policy to 0 hours, for one person or for all."""
    if not work.policy.reset_by_sms:
        return outcomes.not_allowed(Action.RESET, "reset_by_sms_off", "reset_off")
    until = work.reset_held_until
    if until is None or until <= now or work.policy.hold_after_phone_change_hours == 0:
        return None
    spoken = spoken_time(until, now, ZoneInfo(work.time_zone), work.language)
    facts: dict[str, Fact] = {"until": spoken, "unlock": work.policy.unlock_by_sms}
    return outcomes.not_allowed(Action.RESET, "reset_held", "reset_held", facts)
