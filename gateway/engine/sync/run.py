"""One run: everybody whom the directory lists, and then those whom it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from directory.accounts import Directory
from gateway.engine.sync.pages import Pages
from gateway.engine.sync.portions import portions
from gateway.engine.sync.report import Report
from gateway.engine.sync.roll import Roll
from gateway.engine.sync.suspensions import Suspensions
from gateway.engine.sync.target import Target
from gateway.engine.sync.wishes import Wishes
from gateway.records.audit import Event, record
from gateway.records.database import Database
from gateway.seal import Seal

PORTION: Final = 250
"""So many are taken into the records at a time: half a page of the directory."""


class NobodyListed(Exception):
    """A directory in which nobody is left is far less likely than one that we asked wrongly."""


@dataclass(frozen=True)
class Run:
    """Asks the directory while no session is open, and writes while nobody waits for it.

    `keep` is called between any two steps, and ends the run by an error of its own where it is
    not ours any more. What was taken up before that stays; whoever runs next goes on from there.
    """

    database: Database
    seal: Seal
    directory: Directory
    target: Target
    wishes: Wishes
    now: Callable[[], datetime]
    mode: str
    keep: Callable[[], None] = lambda: None
    allows_many_suspensions: bool = False
    writes: bool = True
    progress: Callable[[int], None] = lambda _: None
    """Told how many more have been looked at."""
    report: Report = field(default_factory=Report)

    def go(self) -> Report:
        """Raises DirectoryError, with nobody suspended; and NobodyListed."""
        with self.database.reading() as session:
            roll = Roll.of(session, self.target.organization_id)
        pages = self._pages(roll)
        for page in portions(self.directory.people(self.wishes.source), PORTION):
            self.keep()
            pages.take(page)
            self.progress(len(page))
        if not self.report.counts.listed:
            raise NobodyListed("the directory lists nobody there: nothing was changed")
        self._suspensions().decide(roll, pages.inactive, pages.newly_in_step)
        if self.writes:
            self._tell()
        return self.report

    def _pages(self, roll: Roll) -> Pages:
        return Pages(
            database=self.database,
            seal=self.seal,
            target=self.target,
            wishes=self.wishes,
            roll=roll,
            report=self.report,
            now=self.now,
            mode=self.mode,
            writes=self.writes,
        )

    def _suspensions(self) -> Suspensions:
        return Suspensions(
            database=self.database,
            directory=self.directory,
            wishes=self.wishes,
            report=self.report,
            now=self.now,
            keep=self.keep,
            mode=self.mode,
            allows_many=self.allows_many_suspensions,
            writes=self.writes,
        )

    def _tell(self) -> None:
        """One event for a run, whatever came of it; those of single people stand beside it."""
        counts, now = self.report.counts, self.now()
        told = {
            "added": counts.added,
            "changed": counts.changed,
            "suspended": counts.suspended,
            "back": counts.unsuspended,
            "bad": counts.bad,
        }
        reason = " ".join(f"{name}={count}" for name, count in told.items())
        about = self.target.about
        with self.database.transaction() as session:
            record(session, Event.PEOPLE_SYNCED, about, now, reason=reason[:60], mode=self.mode)
            if self.report.would_suspend:
                many = f"{self.report.would_suspend} of {self.report.of_people}"
                event = Event.SUSPENSIONS_REFUSED
                record(session, event, about, now, reason=many, mode=self.mode)
