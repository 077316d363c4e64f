"""Calls the roll: who is kept in step with the directory, and who of them it no longer lists."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.records import Person


class Roll:
    """Nine bytes for each person, so that a directory may have as many as it likes."""

    def __init__(self, ids: Iterable[int]) -> None:
        self._ids = array("q", ids)
        """In rising order."""
        self._is_present = bytearray(len(self._ids))

    @classmethod
    def of(cls, session: Session, organization_id: int) -> Roll:
        """Of those who are in step and not suspended: the others cannot go missing."""
        wanted = (
            select(Person.id)
            .where(
                Person.organization_id == organization_id,
                Person.synced_at.is_not(None),
                Person.suspended_at.is_(None),
            )
            .order_by(Person.id)
        )
        return cls(session.scalars(wanted.execution_options(yield_per=1000)))

    def __len__(self) -> int:
        return len(self._ids)

    def is_present(self, person_id: int) -> None:
        """Note that the directory has them. Whoever is not on the roll does not matter."""
        at = bisect_left(self._ids, person_id)
        if at < len(self._ids) and self._ids[at] == person_id:
            self._is_present[at] = True

    def absent(self) -> Iterator[int]:
        """Whoever has not answered."""
        pairs = zip(self._ids, self._is_present, strict=True)
        return (person_id for person_id, is_present in pairs if not is_present)
