"""What an operator wants of the synchronization of one organization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from directory.people import PHONE_ATTRIBUTES, PeopleSource


@dataclass(frozen=True, slots=True)
class Wishes:
    """Said once, kept in the records, and meant until something else is said."""

    places: Sequence[str] = ()
    groups: Sequence[str] = ()
    phone_attributes: Sequence[str] = PHONE_ATTRIBUTES
    trust_phones: bool = False
    """The organization vouches for the numbers in its directory."""
    self_serve: bool = False
    """Whoever is new may reset and unlock by text at once. Nobody else is switched by it."""
    invite: bool = False
    """Whoever is new, has an email and no verified number is sent the mail to enrol by."""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """As they are kept. What a newer version has said and this one does not know is left."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in options.items() if name in known})

    @property
    def options(self) -> dict[str, Any]:
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @property
    def source(self) -> PeopleSource:
        return PeopleSource(self.places, self.groups, self.phone_attributes)
