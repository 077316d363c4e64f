"""How somebody's number becomes theirs: invited by mail, proved by a code, and then in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.carriers import OurLine
from gateway.engine.directories import Directories
from gateway.engine.doorbell import Doorbell
from gateway.engine.enrolment.budgets import Budgets
from gateway.engine.enrolment.identifying import Identifying
from gateway.engine.enrolment.proving import Proving
from gateway.engine.enrolment.renewing import Renewing
from gateway.engine.enrolment.visits import Visits
from gateway.limits import Limits
from gateway.links import Links
from gateway.records.database import Database
from gateway.seal import Seal


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Everything that the activation pages call, each part for one kind of step."""

    visits: Visits
    proving: Proving
    identifying: Identifying
    renewing: Renewing
    budgets: Budgets
    line: OurLine

    @classmethod
    def of(
        cls,
        database: Database,
        seal: Seal,
        links: Links,
        limits: Limits,
        doorbell: Doorbell,
        directories: Callable[[], Directories],
        now: Callable[[], datetime],
        *,
        line: OurLine,
        host: str,
        codes_per_day: int,
    ) -> Enrolment:
        visits = Visits(database, seal, links, now)
        budgets = Budgets(database, seal, links, limits, now, codes_per_day=codes_per_day)
        proving = Proving(database, seal, visits, budgets, doorbell, now, line=line, host=host)
        renewing = Renewing(database, visits, budgets, doorbell, now)
        identifying = Identifying(database, directories, visits, budgets, now)
        return cls(visits, proving, identifying, renewing, budgets, line)
