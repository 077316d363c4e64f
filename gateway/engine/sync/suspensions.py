"""Suspends whoever has no account any more to sign in with, unless these are too many."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from directory.accounts import Directory
from gateway.engine.sync.portions import portions
from gateway.engine.sync.report import Report
from gateway.engine.sync.roll import Roll
from gateway.engine.sync.wishes import Wishes
from gateway.records import Person
from gateway.records.database import Database
from gateway.records.people import Suspension
from gateway.records.suspending import suspend

TOO_LARGE_A_PART: Final = 0.2
AT_LEAST: Final = 10
"""Fewer are never too many: a small office may well lose half of its people."""

AT_ONCE: Final = 100
MOST_IN_A_TRANSACTION: Final = 250


@dataclass
class Suspensions:
    """Decided when everybody has been listed, so that one look at the whole comes before any."""

    database: Database
    directory: Directory
    wishes: Wishes
    report: Report
    now: Callable[[], datetime]
    keep: Callable[[], None]
    mode: str
    allows_many: bool
    writes: bool

    def decide(self, roll: Roll, inactive: array[int], newly_in_step: int) -> None:
        """Suspend those who are inactive or gone; or nobody, and the report says how many."""
        gone = array("q", self._really_gone(roll))
        self.report.of_people = len(roll) + newly_in_step
        count = len(inactive) + len(gone)
        if self._is_too_many(count):
            self.report.would_suspend = count
        for ids, why in ((inactive, Suspension.DISABLED), (gone, Suspension.GONE)):
            for some in portions(ids, MOST_IN_A_TRANSACTION):
                self._suspend(some, why)

    def _is_too_many(self, count: int) -> bool:
        is_large = count > TOO_LARGE_A_PART * self.report.of_people
        return count >= AT_LEAST and is_large and not self.allows_many

    def _really_gone(self, roll: Roll) -> Iterator[int]:
        """Asked for once more by their ids: somebody may have been moved between two pages."""
        for ids in portions(roll.absent(), AT_ONCE):
            guids = self._guids(ids)
            self.keep()
            source = replace(self.wishes.source, guids=tuple(guids.values()))
            there = {entry.guid for entry in self.directory.people(source)} if guids else set()
            yield from (each for each in ids if guids.get(each) not in there)

    def _guids(self, ids: Sequence[int]) -> dict[int, UUID]:
        wanted = select(Person.id, Person.account_guid).where(
            Person.id.in_(ids), Person.account_guid.is_not(None)
        )
        with self.database.reading() as session:
            return {person_id: guid for person_id, guid in session.execute(wanted) if guid}

    def _suspend(self, ids: Sequence[int], why: Suspension) -> None:
        """Whoever was suspended or forgotten meanwhile is left as they are."""
        self.keep()
        wanted = select(Person).where(Person.id.in_(ids), Person.suspended_at.is_(None))
        wanted = wanted.order_by(Person.id)
        if self.report.would_suspend or not self.writes:
            with self.database.reading() as session:
                self._name(session.scalars(wanted).all())
            return
        with self.database.transaction() as session:
            found = session.scalars(wanted.with_for_update()).all()
            for person in found:
                suspend(session, person, why, self.now(), mode=self.mode)
        self._name(found)

    def _name(self, found: Sequence[Person]) -> None:
        """Tell who they are; they count as suspended unless they are too many."""
        for person in found:
            self.report.name(person.username)
        if not self.report.would_suspend:
            self.report.counts.suspended += len(found)
