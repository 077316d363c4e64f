"""Takes one page of a listing into the records, in one short transaction or in none."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from directory.errors import Refusal
from directory.people import DirectoryPerson, Listed
from gateway.engine.sync.changes import Changes, changes
from gateway.engine.sync.facts import Facts, FactsInvalid
from gateway.engine.sync.matching import Known
from gateway.engine.sync.numbers import Numbers
from gateway.engine.sync.report import Report
from gateway.engine.sync.roll import Roll
from gateway.engine.sync.target import Target
from gateway.engine.sync.wishes import Wishes
from gateway.engine.sync.writing import Writing
from gateway.engine.vouching import Holders, Vouching
from gateway.records.database import Database
from gateway.records.policies import policy_for
from gateway.seal import Seal

Readable = tuple[DirectoryPerson, Facts]


@dataclass
class Pages:
    """The pages of one run. Who is to be suspended is only noted: that depends on the whole."""

    database: Database
    seal: Seal
    target: Target
    wishes: Wishes
    roll: Roll
    report: Report
    now: Callable[[], datetime]
    mode: str
    writes: bool
    inactive: array[int] = field(default_factory=lambda: array("q"))
    """The ids of people who are not suspended, and whose accounts are disabled or have expired."""
    newly_in_step: int = 0
    """People who were there before by another way, and whose accounts have now been found."""

    def take(self, page: Sequence[Listed]) -> None:
        """Look first, while nobody who writes has to wait: most pages hold no news."""
        readable = self._readable(page)
        with self.database.reading() as session:
            known = Known.among(session, self.target.organization_id, page)
            self._call_the_roll(page, known)
            done, news = self._told_apart(session, known, readable)
        self._count(done)
        if news:
            self._count(self._written(news))

    def _readable(self, page: Sequence[Listed]) -> list[Readable]:
        """Everybody once, by id and by name: they may have been renamed or moved meanwhile."""
        self.report.counts.listed += len(page)
        found: dict[UUID, Readable] = {}
        names: set[str] = set()
        for entry in page:
            try:
                facts = _facts(entry)
            except FactsInvalid as reason:
                self.report.counts.bad += 1
                self.report.tell(entry.username or str(entry.guid or "?"), str(reason))
                continue
            if isinstance(entry, DirectoryPerson) and facts.username_key not in names:
                found[entry.guid] = (entry, facts)
                names.add(facts.username_key)
        return list(found.values())

    def _call_the_roll(self, page: Iterable[Listed], known: Known) -> None:
        for entry in page:
            for person in known.all_who_answer(entry):
                self.roll.is_present(person.id)

    def _told_apart(
        self, session: Session, known: Known, readable: Sequence[Readable]
    ) -> tuple[list[Changes], list[Readable]]:
        """Those about whom there is nothing to write, and the news. A dry run has no news."""
        done: list[Changes] = []
        news: list[Readable] = []
        numbers = self._numbers(session)
        for entry, facts in readable:
            person = known.person(entry)
            if person is None and self._leaves_out(entry):
                continue
            if person is None and self.writes:
                news.append((entry, facts))
                continue
            found = changes(entry, facts, person, numbers, self.now())
            self._note(found)
            if found and self.writes:
                news.append((entry, facts))
            else:
                done.append(found)
        return done, news

    def _leaves_out(self, entry: DirectoryPerson) -> bool:
        """An account that nobody can use, or that we may not touch, makes nobody a person."""
        reason = _unusable(entry)
        if reason:
            self.report.counts.left_out += 1
            self.report.left_out[reason] += 1
        return reason is not None

    def _note(self, found: Changes) -> None:
        person = found.person
        if person is None:
            return
        self.newly_in_step += person.synced_at is None
        if found.entry.inactive and person.suspended_at is None:
            self.inactive.append(person.id)

    def _numbers(self, session: Session) -> Numbers:
        target = self.target
        policy = policy_for(session, target.tenant_id, target.organization_id)
        holders = Holders(session, self.seal, target.organization_id)
        vouching = Vouching.of(policy, holders)
        return Numbers(self.seal, target.country, vouching if self.wishes.trust_phones else None)

    def _written(self, news: Sequence[Readable]) -> list[Changes]:
        """Once more where somebody else has just taken one of the names."""
        try:
            return self._write(news)
        except IntegrityError:
            return self._write(news)

    def _write(self, news: Sequence[Readable]) -> list[Changes]:
        """Compare again, now that nobody else can change these people, and write."""
        with self.database.transaction() as session:
            entries = [entry for entry, _ in news]
            known = Known.among(session, self.target.organization_id, entries, locked=True)
            writing = Writing(
                session, self._numbers(session), self.target, self.wishes, self.now(), self.mode
            )
            found = [(entry, facts, known.person(entry)) for entry, facts in news]
            return writing.write([each for each in found if each[2] or not _unusable(each[0])])

    def _count(self, found: Iterable[Changes]) -> None:
        for each in found:
            self.report.counts += each.counts
            self.report.counts.invited += self.wishes.invite and each.calls_for_an_invitation
            for objection in (*each.facts.objections, *each.choice.objections):
                self.report.tell(each.facts.username, objection)


def _unusable(entry: DirectoryPerson) -> Refusal | None:
    return entry.inactive or entry.ineligible


def _facts(entry: Listed) -> Facts:
    """Raises FactsInvalid, also for an entry that the directory could not make sense of."""
    if isinstance(entry, DirectoryPerson):
        return Facts.of(entry)
    raise FactsInvalid(entry.reason)
