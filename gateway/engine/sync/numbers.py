"""Which number of the directory is somebody's, and what that changes of those that they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.people import DirectoryPerson
from gateway.phones import PhoneNumber, PhoneNumberInvalid, masked
from gateway.records import Person, Phone
from gateway.seal import Seal

BY_SYNC: Final = "sync"
"""Who vouches for a number that comes from the directory: the organization."""
BY_IMPORT: Final = "import"


@dataclass(frozen=True, slots=True)
class Choice:
    """The first number that can be used, and why those before it cannot."""

    number: PhoneNumber | None = None
    objections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NumberChange:
    """What is to be done about somebody's numbers; nothing at all is false."""

    remove: Sequence[Phone] = ()
    verify: Phone | None = None
    add: PhoneNumber | None = None

    def __bool__(self) -> bool:
        return bool(self.remove or self.verify or self.add)

    @property
    def replaces_a_verified_one(self) -> bool:
        is_new = self.add is not None or self.verify is not None
        return is_new and any(phone.verified_at for phone in self.remove)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Looks at numbers for one organization, on one session of the database."""

    session: Session
    seal: Seal
    organization_id: int
    country: str
    trusted: bool
    most_people: int
    """So many people of an organization may share a number that is taken as verified."""

    def choose(self, entry: DirectoryPerson, person: Person | None) -> Choice:
        objections: list[str] = []
        for raw in dict.fromkeys(entry.phones):
            try:
                number = PhoneNumber.parse(raw, entry.country or self.country)
            except PhoneNumberInvalid as error:
                objections.append(f"the number {masked(raw)} cannot be used: {error.reason}")
                continue
            if not (self.trusted and self._is_shared(number, person)):
                return Choice(number, tuple(objections))
            others = f"{self.most_people} people"
            objections.append(f"the number {number.masked} is that of {others} already")
        return Choice(None, tuple(objections))

    def change(self, person: Person, number: PhoneNumber | None) -> NumberChange:
        """What the number that the directory has now, or that it has none, means for theirs.

        One that they have proved, or that an operator vouches for, is never touched.
        One that came from the directory follows it. One of a CSV file gives way only where the
        organization vouches for the directory: nobody who can text is to lose that.
        """
        mine = [phone for phone in person.phones if phone.forget_at is None]
        if any(phone.verified_at and phone.verified_by not in _WITHOUT_THEM for phone in mine):
            return NumberChange()
        same = self._same(person.phones, number)
        others = [phone for phone in mine if phone is not same]
        stale = [phone for phone in others if phone.verified_by == BY_SYNC]
        if number is None:
            return NumberChange(stale)
        if self.trusted:
            to_verify = same if same and not same.verified_at else None
            return NumberChange(others, to_verify, None if same else number)
        if same or any(phone.verified_at for phone in others if phone not in stale):
            return NumberChange(stale)
        return NumberChange(others, add=number)

    def _same(self, phones: Sequence[Phone], number: PhoneNumber | None) -> Phone | None:
        if number is None:
            return None
        indexes = self.seal.indexes(number.e164)
        return next((phone for phone in phones if phone.number_index in indexes), None)

    def _is_shared(self, number: PhoneNumber, person: Person | None) -> bool:
        """Whether so many others have it that it can hardly be anybody's own."""
        same = self._same(person.phones if person else (), number)
        if same is not None and same.verified_at is not None:
            return False
        sharing = (
            select(func.count(Phone.person_id.distinct()))
            .join(Person, Phone.person_id == Person.id)
            .where(
                Person.organization_id == self.organization_id,
                Phone.number_index.in_(self.seal.indexes(number.e164)),
                Phone.verified_at.is_not(None),
            )
        )
        return (self.session.scalar(sharing) or 0) >= self.most_people


_WITHOUT_THEM: Final = (BY_SYNC, BY_IMPORT)
"""Who vouches for a number without its holder having done anything."""
