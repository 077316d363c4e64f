"""Which number of the directory is somebody's, and what that changes of those that they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from directory.people import DirectoryPerson
from gateway.engine.vouching import Vouching
from gateway.phones import PhoneNumber, PhoneNumberInvalid, glimpse
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
    def replaced(self) -> Sequence[Phone]:
        """Those that are verified, where another number is there instead."""
        is_new = self.add is not None or self.verify is not None
        return [phone for phone in self.remove if is_new and phone.verified_at]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Looks at numbers for one organization."""

    seal: Seal
    country: str
    vouching: Vouching | None
    """None where the organization does not vouch for the numbers in its directory."""

    @property
    def trusted(self) -> bool:
        return self.vouching is not None

    def choose(self, entry: DirectoryPerson, person: Person | None) -> Choice:
        objections: list[str] = []
        for raw in dict.fromkeys(entry.phones):
            try:
                number = PhoneNumber.parse(raw, entry.country or self.country)
            except PhoneNumberInvalid as error:
                called = f"the number {glimpse(raw)}".rstrip()
                objections.append(f"{called} cannot be used: {error.reason}")
                continue
            objection = self._objection(number, person)
            if objection is None:
                return Choice(number, tuple(objections))
            objections.append(f"the number {number.masked} {objection}")
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

    def _objection(self, number: PhoneNumber, person: Person | None) -> str | None:
        """Whoever has it verified already keeps it, whatever the policies have become."""
        same = self._same(person.phones if person else (), number)
        if self.vouching is None or (same is not None and same.verified_at is not None):
            return None
        return self.vouching.objection(number)


_WITHOUT_THEM: Final = (BY_SYNC, BY_IMPORT)
"""Who vouches for a number without its holder having done anything."""
