"""Who is who: accounts are known by their immutable id, and at first by their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from directory.people import DirectoryPerson, Listed
from gateway.records import Person, Phone


@dataclass(frozen=True, slots=True)
class Known:
    """The people of an organization whom a page of a listing may be about."""

    by_guid: dict[UUID, list[Person]]
    by_key: dict[str, Person]

    @classmethod
    def among(
        cls, session: Session, organization_id: int, page: Sequence[Listed], *, locked: bool = False
    ) -> Known:
        """With their phones. Locked, nobody else changes them until the transaction ends."""
        guids = {each.guid for each in page if each.guid}
        keys = {key for each in page for key in _keys(each)}
        wanted = select(Person).where(
            Person.organization_id == organization_id,
            or_(Person.account_guid.in_(guids), Person.username_key.in_(keys)),
        )
        if locked:
            _lock(session, organization_id, guids, keys)
        found = session.scalars(wanted.order_by(Person.id).options(selectinload(Person.phones)))
        by_guid: dict[UUID, list[Person]] = defaultdict(list)
        by_key: dict[str, Person] = {}
        for person in found:
            by_key[person.username_key] = person
            if person.account_guid:
                by_guid[person.account_guid].append(person)
        return cls(by_guid, by_key)

    def person(self, entry: DirectoryPerson) -> Person | None:
        """Whose account it is. Who was imported by name has no id yet, and learns it now.

        Somebody whose name it is but who has another id is somebody else: an account that is gone
        or has another name by now.
        """
        same = self.by_guid.get(entry.guid, [])
        key = entry.username.casefold()
        if same:
            return next((person for person in same if person.username_key == key), same[0])
        named = (self.by_key.get(each) for each in _keys(entry))
        return next((person for person in named if person and person.account_guid is None), None)

    def all_who_answer(self, entry: Listed) -> Iterator[Person]:
        """Everybody who is there with this entry, also where it cannot be read any further."""
        if entry.guid:
            yield from self.by_guid.get(entry.guid, [])
        elif person := self.by_key.get(entry.username.casefold()):
            yield person


def _keys(entry: Listed) -> Iterator[str]:
    """The names that somebody may have been imported by, the usual one first."""
    names = [entry.username]
    if isinstance(entry, DirectoryPerson):
        names.append(entry.principal_name)
    return (name.casefold() for name in names if name)


def _lock(session: Session, organization_id: int, guids: set[UUID], keys: set[str]) -> None:
    """In the order of their ids, so that two who lock never wait for each other."""
    people = select(Person.id).where(
        Person.organization_id == organization_id,
        or_(Person.account_guid.in_(guids), Person.username_key.in_(keys)),
    )
    ids = session.scalars(people.order_by(Person.id).with_for_update()).all()
    phones = select(Phone.id).where(Phone.person_id.in_(ids))
    session.scalars(phones.order_by(Phone.id).with_for_update()).all()
