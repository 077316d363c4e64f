"""What one entry of a listing changes of one person; nothing at all, most of the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from directory.people import DirectoryPerson
from gateway.engine.sync.facts import Facts
from gateway.engine.sync.numbers import Choice, NumberChange, Numbers
from gateway.engine.sync.report import Counts
from gateway.records import Person
from gateway.records.people import Suspension

BY_THE_DIRECTORY = (Suspension.DISABLED, Suspension.GONE)


@dataclass(frozen=True, slots=True)
class Changes:
    """Of somebody who is known, or of somebody new (whose `person` is None)."""

    entry: DirectoryPerson
    facts: Facts
    person: Person | None
    columns: Mapping[str, Any]
    choice: Choice
    numbers: NumberChange
    comes_back: bool
    can_text: bool
    """Whether they have a verified number after this, so far as it is about numbers."""

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.person is None or self.columns or self.numbers or self.comes_back)

    @property
    def renames(self) -> bool:
        return self.person is not None and "username" in self.columns

    @property
    def calls_for_an_invitation(self) -> bool:
        """Whether somebody is new, can be written to, and has no number to be helped from yet."""
        is_helped = self.can_text and self.choice.number is not None
        return self.person is None and bool(self.columns.get("email")) and not is_helped

    @property
    def counts(self) -> Counts:
        is_known = self.person is not None
        return Counts(
            added=not is_known,
            changed=is_known and bool(self),
            renamed=self.renames,
            unchanged=is_known and not self,
            unsuspended=self.comes_back,
            unusable_numbers=len(self.choice.objections),
            without_number=not self.entry.phones,
            not_verified=self.choice.number is not None and not self.can_text,
        )


def changes(
    entry: DirectoryPerson, facts: Facts, person: Person | None, numbers: Numbers, now: datetime
) -> Changes:
    """Compare. Nothing is written, and nothing but numbers is looked up."""
    choice = numbers.choose(entry, person)
    of_numbers = (
        numbers.change(person, choice.number) if person else NumberChange(add=choice.number)
    )
    return Changes(
        entry=entry,
        facts=facts,
        person=person,
        columns=_columns(entry, facts, person, now),
        choice=choice,
        numbers=of_numbers,
        comes_back=_comes_back(entry, person),
        can_text=numbers.trusted or _can_text(person),
    )


def _columns(
    entry: DirectoryPerson, facts: Facts, person: Person | None, now: datetime
) -> dict[str, Any]:
    """Only those that are to be another than they are."""
    wanted = {**facts.columns, "account_guid": entry.guid}
    if person is None:
        return wanted | {"synced_at": now}
    if person.synced_at is None:
        wanted["synced_at"] = now
    if wanted.get("email", person.email) != person.email:
        wanted["mail_problem"] = ""
    if entry.inactive and person.suspended_for == Suspension.GONE:
        wanted["suspended_for"] = Suspension.DISABLED
    return {name: value for name, value in wanted.items() if getattr(person, name) != value}


def _comes_back(entry: DirectoryPerson, person: Person | None) -> bool:
    """Whoever an operator has suspended, only an operator lets in again."""
    return (
        person is not None
        and entry.inactive is None
        and person.suspended_at is not None
        and person.suspended_for in BY_THE_DIRECTORY
    )


def _can_text(person: Person | None) -> bool:
    return any(phone.verified_at for phone in person.phones) if person else False
