"""Counts a request against the limits before anything is done for it, once and not per attempt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from gateway.engine import outcomes
from gateway.engine.allowances import (
    BUDGETS,
    WRONG_WORDS,
    Allowances,
    Allowed,
    CannotSay,
    Exceeded,
    Stage,
)
from gateway.engine.outcomes import Outcome
from gateway.records.assignments import Assignment
from gateway.spoken_times import spoken_until
from handlers.conversation import Action

UNSAID: Final = ""
"""In place of a template: it was said so often that it is not said again."""


class Admission:
    """Lets a request in, or says why not. Whoever is let in has their answer counted as well."""

    def __init__(self, allowances: Allowances, now: Callable[[], datetime]) -> None:
        self._allowances = allowances
        self._now = now

    def of(self, work: Assignment, refused: Outcome | None) -> Outcome | CannotSay | None:
        """None where it may go on; what else refused it is said only so often as well."""
        if refused:
            return self._said(work, refused)
        if work.admitted_at is not None:
            return None
        if work.needs_word and not self._allowances.may_guess(work.about):
            return self._too_often(work, WRONG_WORDS.name, WRONG_WORDS.seconds)
        match self._allowances.answer(_stage(work), work.about, work.policy):
            case Allowed():
                return None
            case CannotSay() as nobody:
                return nobody
            case Exceeded(limit, seconds) if limit.name in BUDGETS:
                return self._spent(work, limit.name)
            case Exceeded(limit, seconds):
                return self._too_often(work, limit.name, seconds)

    def _too_often(self, work: Assignment, name: str, seconds: int) -> Outcome | CannotSay:
        until = spoken_until(seconds, self._now(), ZoneInfo(work.time_zone), work.language)
        return self._said(work, outcomes.too_often(Action(work.action), name, until))

    def _said(self, work: Assignment, refused: Outcome) -> Outcome | CannotSay:
        verdict = self._allowances.answer(Stage.CHATTER, work.about, work.policy)
        if isinstance(verdict, CannotSay):
            return verdict
        return refused if isinstance(verdict, Allowed) else replace(refused, template=UNSAID)

    def _spent(self, work: Assignment, name: str) -> Outcome:
        """Beyond what the month allows everybody is told once a day, so that they know."""
        told = self._allowances.may_tell_spent(work.about)
        template = "texts_spent" if told else UNSAID
        return outcomes.not_allowed(Action(work.action), name, template)


def _stage(work: Assignment) -> Stage:
    return Stage.WORD if work.needs_word else Stage(work.action)
