"""One object as a domain controller described it, with its values read strictly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from directory.errors import RightMissing, UnexpectedAnswer


@dataclass(frozen=True, slots=True)
class Entry:
    """A distinguished name and raw values, by attribute name in lower case."""

    dn: str
    values: Mapping[str, Sequence[bytes]]

    @classmethod
    def of(cls, response: Mapping[str, Any]) -> Entry:
        """From one item of ldap3's response, whose raw values may be None."""
        raw: Mapping[str, Sequence[bytes] | None] = response["raw_attributes"]
        return cls(str(response["dn"]), {name.lower(): kept or () for name, kept in raw.items()})

    def all(self, attribute: str) -> Sequence[bytes]:
        """Every value, or none: the attribute is empty, or we may not read it."""
        return self.values.get(attribute.lower(), ())

    def text(self, attribute: str) -> str:
        """The value as text; empty where there is none."""
        return next(iter(self.all(attribute)), b"").decode("utf-8", "replace")

    def number(self, attribute: str, default: int) -> int:
        """The value as a number, or the default where there is none."""
        text = self.text(attribute)
        try:
            return int(text) if text else default
        except ValueError:
            raise UnexpectedAnswer(f"{attribute} is not a number") from None

    def required_number(self, attribute: str) -> int:
        """A number without which we could only guess; not being told it is an error."""
        self.require(attribute)
        return self.number(attribute, 0)

    def flag(self, attribute: str) -> bool:
        """A boolean; false where there is none."""
        return self.text(attribute).upper() == "TRUE"

    def guid(self) -> UUID:
        """The immutable id."""
        raw = b"".join(self.all("objectGUID")[:1])
        try:
            return UUID(bytes_le=raw)
        except ValueError:
            raise UnexpectedAnswer("objectGUID is not a GUID") from None

    def require(self, attribute: str) -> Sequence[bytes]:
        """All values; an attribute that every account has must be readable."""
        if not self.all(attribute):
            raise RightMissing(f"the service account may not read {attribute}")
        return self.all(attribute)
