"""What texting may cost: who may do what how often, counted before it is looked up or done.

Each stage has keys of its own, so that using one up cannot keep anybody from another: whoever
floods us in somebody's name with RESET leaves them UNLOCK, STATUS and the word of the last text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from gateway.engine.reached import tell
from gateway.limits import (
    DAY,
    HOUR,
    MINUTE,
    Allowed,
    CannotSay,
    Exceeded,
    Limit,
    Limits,
    Verdict,
)
from gateway.policy import Policy
from gateway.records.about import About
from gateway.records.database import Database

__all__ = ["ALL", "Allowances", "Allowed", "CannotSay", "Exceeded", "Sizes", "Stage"]

TEXTS_PER_SENDER: Final = Limit("texts_per_sender", 10, 10 * MINUTE)
"""For each number and each thing to want, whether or not we know the number."""

DELIVERY: Final = Limit("delivery", 1, HOUR)
"""No limit but a memory: which texts have been counted."""

TEXTS: Final = Limit("texts", 3000, MINUTE)
STRANGER_TOLD: Final = Limit("stranger_told", 1, DAY)
STRANGERS_TOLD: Final = Limit("strangers_told", 200, DAY)
SPENT_TOLD: Final = Limit("spent_told", 1, DAY)
ANSWERS_PER_PERSON: Final = Limit("answers_per_person", 20, DAY)
"""For each stage."""

RESETS_PER_PERSON: Final = Limit("resets_per_person", 5, DAY)
WRONG_WORDS: Final = Limit("wrong_words", 9, 6 * HOUR)
"""Over all words of a person: a new word does not begin it anew (NIST SP 800-63B-4 3.1.3.2)."""

CHANGES_PER_ORGANIZATION: Final = Limit("changes_per_organization", 500, HOUR)
CHANGES: Final = Limit("changes", 2000, HOUR)
ANSWERS_PER_ORGANIZATION: Final = Limit("answers_per_organization", 0, 32 * DAY, fixed=True)
"""For each month; so many only where `monthly_sms_budget` says how many."""

CHATTER_PER_ORGANIZATION: Final = Limit("chatter_per_organization", 0, 32 * DAY, fixed=True)
"""What of it may go into answers that anybody can provoke who can forge a sender."""

ANSWERS: Final = Limit("answers", 20_000, 2 * DAY, fixed=True)
"""For each day."""

ALL: Final = (
    TEXTS_PER_SENDER,
    TEXTS,
    STRANGER_TOLD,
    STRANGERS_TOLD,
    SPENT_TOLD,
    ANSWERS_PER_PERSON,
    RESETS_PER_PERSON,
    WRONG_WORDS,
    CHANGES_PER_ORGANIZATION,
    CHANGES,
    ANSWERS_PER_ORGANIZATION,
    CHATTER_PER_ORGANIZATION,
    ANSWERS,
)
"""In the order of docs/policies.md."""

CHATTER_PERCENT: Final = 80
BUDGETS: Final = frozenset({ANSWERS_PER_ORGANIZATION.name, CHATTER_PER_ORGANIZATION.name})

Wanted = tuple[Limit, str]


class Stage(StrEnum):
    """What an answer is about. Each is counted by itself."""

    CHATTER = "chatter"
    """Whatever changes nothing and asks nothing of the directory."""
    STATUS = "status"
    UNLOCK = "unlock"
    WORD = "word"
    """RESET is answered with a word to text back."""
    RESET = "reset"


CHANGING: Final = frozenset({Stage.UNLOCK, Stage.RESET})


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much the whole installation may do; each from a setting."""

    texts_per_minute: int = TEXTS.count
    changes_per_hour: int = CHANGES.count
    answers_per_day: int = ANSWERS.count


class Allowances:
    """Spends from the narrowest to the widest, so that who is refused costs the others nothing."""

    def __init__(
        self,
        database: Database,
        limits: Limits,
        now: Callable[[], datetime],
        sizes: Sizes = Sizes(),
    ) -> None:
        self._database = database
        self._limits = limits
        self._now = now
        self._texts = replace(TEXTS, count=sizes.texts_per_minute)
        self._changes = replace(CHANGES, count=sizes.changes_per_hour)
        self._answers = replace(ANSWERS, count=sizes.answers_per_day)

    def text_in(self, sid: str, number_index: str, wish: str) -> Verdict:
        """One text from a number, before anybody looks whose it is.

        Delivered again, as while the database was away, it is the same text.
        """
        if isinstance(self._limits.take(DELIVERY, sid), Exceeded):
            return Allowed()
        return self._spend([(TEXTS_PER_SENDER, f"{wish}:{number_index}"), (self._texts, "all")])

    def may_tell_stranger(self, number_index: str) -> bool:
        """Whether a number that is nobody's may be told so much. Silence where nobody can say."""
        wanted = [(STRANGER_TOLD, number_index), (STRANGERS_TOLD, "all")]
        return isinstance(self._spend(wanted), Allowed)

    def answer(self, stage: Stage, about: About, policy: Policy) -> Verdict:
        """One answer to a person, before what it tells is done. A refusal is audited once."""
        verdict = self._room_for_reset(stage, about, policy)
        if isinstance(verdict, Allowed):
            verdict = self._spend(self._wanted(stage, about, policy))
        if isinstance(verdict, Exceeded):
            self._tell(verdict, about)
        return verdict

    def password_set(self, about: About, policy: Policy) -> None:
        """Only a reset that took place is one of a person's: a directory's fault costs nobody."""
        self._limits.take(*_resets_of(about, policy))

    def may_tell_spent(self, about: About) -> bool:
        """Whether a person may be told that their organization's texts are used up."""
        return isinstance(self._limits.take(SPENT_TOLD, str(about.person_id)), Allowed)

    def may_guess(self, about: About) -> bool:
        """Whether a person may be given one more word to text back."""
        return self._limits.has_room(WRONG_WORDS, str(about.person_id))

    def wrong_word(self, about: About) -> None:
        """Somebody texted another word than the one that was asked for."""
        verdict = self._limits.take(WRONG_WORDS, str(about.person_id))
        if isinstance(verdict, Exceeded):
            self._tell(verdict, about)

    def _wanted(self, stage: Stage, about: About, policy: Policy) -> Iterable[Wanted]:
        now, organization = self._now(), str(about.organization_id)
        if stage is not Stage.RESET:
            yield ANSWERS_PER_PERSON, f"{stage}:{about.person_id}"
        if stage in CHANGING:
            per_hour = replace(CHANGES_PER_ORGANIZATION, count=policy.changes_per_hour)
            yield per_hour, f"{stage}:{organization}"
        if budget := policy.monthly_sms_budget:
            month = f"{now:%Y-%m}:{organization}"
            if stage not in CHANGING:
                chatter = budget * CHATTER_PERCENT // 100
                yield replace(CHATTER_PER_ORGANIZATION, count=chatter), month
            yield replace(ANSWERS_PER_ORGANIZATION, count=budget), month
        if stage in CHANGING:
            yield self._changes, str(stage)
        yield self._answers, f"{now:%Y-%m-%d}"

    def _room_for_reset(self, stage: Stage, about: About, policy: Policy) -> Verdict:
        """One is under way at most, so that whoever has room now still has it at the end."""
        limit, key = _resets_of(about, policy)
        if stage is not Stage.RESET or self._limits.has_room(limit, key):
            return Allowed()
        return self._limits.refusal(limit, key)

    def _spend(self, wanted: Iterable[Wanted]) -> Verdict:
        for limit, key in wanted:
            verdict = self._limits.take(limit, key)
            if not isinstance(verdict, Allowed):
                return verdict
        return Allowed()

    def _tell(self, exceeded: Exceeded, about: About) -> None:
        if exceeded.is_first:
            with self._database.transaction() as session:
                tell(session, exceeded, about, self._now(), mode="sms")


def _resets_of(about: About, policy: Policy) -> Wanted:
    return replace(RESETS_PER_PERSON, count=policy.resets_per_day), f"reset:{about.person_id}"
