"""What enrolment may cost: who may do what how often, counted before anything is looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NoReturn

from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Visit
from gateway.engine.reached import tell
from gateway.limits import DAY, HOUR, MINUTE, Allowed, CannotSay, Exceeded, Limit, Limits
from gateway.links import Links
from gateway.records.about import About
from gateway.records.database import Database
from gateway.seal import Seal

PAUSE: Final = Limit("code_pause", 1, 2 * MINUTE)
CODES_PER_NUMBER: Final = Limit("codes_per_number", 10, DAY)
CODES_PER_PERSON: Final = Limit("codes_per_person", 10, DAY)
CODES_PER_ORGANIZATION: Final = Limit("codes_per_organization", 500, DAY)
CODES_PER_INSTALLATION: Final = Limit("codes_per_installation", 5000, DAY)
WRONG_CODES: Final = Limit("code_tries", 10, DAY)
"""Over all codes of a person: a new code does not begin it anew (NIST SP 800-63B-4 3.1.3.2)."""

PASSWORDS: Final = Limit("password_tries", 3, DAY)
"""Far below what locks an account anywhere."""

LINKS_PER_ADDRESS: Final = Limit("links_per_address", 1000, 10 * MINUTE)
OUR_LINKS_PER_ADDRESS: Final = Limit("our_links_per_address", 10_000, 10 * MINUTE)
"""Openings and steps of links that we have signed, and before it of any other.

A whole office shares an address and enrols in one meeting; whoever makes links up has none of ours.
Until one of them is used up a dead link and a made-up one are answered alike. Who uses up the
lesser one learns of a link only that we have made it, which whoever was sent it knows already.
"""

FRESH_PAUSE: Final = Limit("fresh_link_pause", 1, 10 * MINUTE)
FRESH_PER_LINK: Final = Limit("fresh_links", 3, DAY)
FRESH_PER_ADDRESS: Final = Limit("fresh_links_per_address", 20, HOUR)
OUR_FRESH_PER_ADDRESS: Final = Limit("our_fresh_links_per_address", 500, HOUR)
"""With links that we have signed: those of a whole office die over one weekend."""

ALL: Final = (
    PAUSE,
    CODES_PER_NUMBER,
    CODES_PER_PERSON,
    CODES_PER_ORGANIZATION,
    CODES_PER_INSTALLATION,
    WRONG_CODES,
    PASSWORDS,
    LINKS_PER_ADDRESS,
    OUR_LINKS_PER_ADDRESS,
    FRESH_PAUSE,
    FRESH_PER_LINK,
    FRESH_PER_ADDRESS,
    OUR_FRESH_PER_ADDRESS,
)
"""In the order of docs/operating.md."""

WHY: Final[Mapping[str, Reason]] = {
    **dict.fromkeys((PAUSE.name, FRESH_PAUSE.name), Reason.WAIT),
    **dict.fromkeys((CODES_PER_ORGANIZATION.name, CODES_PER_INSTALLATION.name), Reason.ALL_SPENT),
    **dict.fromkeys((LINKS_PER_ADDRESS.name, OUR_LINKS_PER_ADDRESS.name), Reason.ALL_SPENT),
    **dict.fromkeys((FRESH_PER_ADDRESS.name, OUR_FRESH_PER_ADDRESS.name), Reason.ALL_SPENT),
}
"""What is said where a limit is reached that is not the person's own; else Reason.TOO_MANY."""

Wanted = tuple[Limit, str]


def pause_left(sent_at: datetime, now: datetime) -> int:
    """Seconds until a code can be sent again to a number that one was sent to."""
    return max(0, round(PAUSE.seconds - (now - sent_at) / timedelta(seconds=1)))


class Budgets:
    """Spends from the narrowest to the widest, so that who is refused costs the others nothing."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        links: Links,
        limits: Limits,
        now: Callable[[], datetime],
        *,
        codes_per_day: int = CODES_PER_INSTALLATION.count,
    ) -> None:
        self._database = database
        self._seal = seal
        self._links = links
        self._limits = limits
        self._now = now
        self._all_codes = replace(CODES_PER_INSTALLATION, count=codes_per_day)

    def spend_code(self, visit: Visit, number_index: str) -> None:
        """One text with a code. Raises StepRefused."""
        own = replace(CODES_PER_ORGANIZATION, count=visit.policy.codes_per_day)
        wanted = (
            (PAUSE, f"{visit.person_id}:{number_index}"),
            (CODES_PER_PERSON, str(visit.person_id)),
            (CODES_PER_NUMBER, number_index),
            (own, str(visit.organization_id)),
            (self._all_codes, "all"),
        )
        self._spend(wanted, _about(visit))

    def spend_try(self, visit: Visit) -> None:
        """One typed code, right or wrong. Raises StepRefused."""
        self._spend([(WRONG_CODES, str(visit.person_id))], _about(visit))

    def spend_password(self, visit: Visit) -> None:
        """One typed password, right or wrong. Raises StepRefused."""
        self._spend([(PASSWORDS, str(visit.person_id))], _about(visit))

    def check_password(self, visit: Visit) -> None:
        """Whether a password could be spent, before anybody is asked. Raises StepRefused."""
        key = str(visit.person_id)
        if not self._limits.has_room(PASSWORDS, key):
            self._refuse(self._limits.refusal(PASSWORDS, key), _about(visit))

    def spend_look(self, address: str, token: str) -> None:
        """Opening a link, or a step with one, by whoever is at an address. Raises StepRefused."""
        limit = OUR_LINKS_PER_ADDRESS if self._links.read(token) else LINKS_PER_ADDRESS
        self._spend([(limit, self._seal.index(address))], About())

    def spend_fresh_link(self, address: str, token: str) -> None:
        """Asking for a fresh link, with a link of ours or none. Raises StepRefused."""
        limit = OUR_FRESH_PER_ADDRESS if self._links.read(token) else FRESH_PER_ADDRESS
        link = self._seal.index(self._links.named(token))
        at_an_address = (limit, self._seal.index(address))
        self._spend((at_an_address, (FRESH_PAUSE, link), (FRESH_PER_LINK, link)), About())

    def _spend(self, wanted: Iterable[Wanted], about: About) -> None:
        for limit, key in wanted:
            verdict = self._limits.take(limit, key)
            if not isinstance(verdict, Allowed):
                self._refuse(verdict, about)

    def _refuse(self, verdict: Exceeded | CannotSay, about: About) -> NoReturn:
        if isinstance(verdict, CannotSay):
            raise StepRefused(Reason.CANNOT_COUNT)
        reason = WHY.get(verdict.limit.name, Reason.TOO_MANY)
        if reason is not Reason.WAIT:
            self._tell(verdict, about)
        raise StepRefused(reason, seconds=verdict.retry_after_seconds)

    def _tell(self, exceeded: Exceeded, about: About) -> None:
        if exceeded.is_first:
            with self._database.transaction() as session:
                tell(session, exceeded, about, self._now(), mode="web")


def _about(visit: Visit) -> About:
    return About(visit.tenant_id, visit.organization_id, visit.person_id)
