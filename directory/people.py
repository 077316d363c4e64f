"""Whom a directory can list for us, and what it tells of each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from directory.errors import Refusal

PHONE_ATTRIBUTES: Final = ("mobile", "otherMobile")
"""What is taken unless somebody says otherwise: other numbers are often shared, and get no texts.

In North America a desk phone cannot even be told from a mobile one by its number.
"""

MOST_IN_A_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class PeopleSource:
    """Which accounts are meant. With places and groups: who is in one of each."""

    places: Sequence[str] = ()
    """Containers by distinguished name, with all below them; none is all that we may touch."""
    groups: Sequence[str] = ()
    """Groups by distinguished name, their nested members too; none is everybody."""
    phone_attributes: Sequence[str] = PHONE_ATTRIBUTES
    """Where numbers are looked for, the preferred first."""
    guids: Sequence[UUID] = ()
    """Only these of them; none is everybody."""
    page_size: int = MOST_IN_A_PAGE


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """One account, as a listing tells of it. Texts are as somebody has written them."""

    guid: UUID
    username: str
    principal_name: str
    """The other name to sign in with, which looks like an address; empty for none."""
    display_name: str
    email: str
    phones: Sequence[str] = field(repr=False)
    """In the order of preference."""
    language: str
    country: str
    """Two capital letters (ISO 3166-1), or empty where the directory does not say."""
    inactive: Refusal | None
    """DISABLED or EXPIRED, or None: they can sign in."""
    ineligible: Refusal | None
    """Another reason why nothing may be done for them, as far as a listing tells."""


@dataclass(frozen=True, slots=True)
class BadEntry:
    """An account that cannot be read, with what could be read of it."""

    reason: str
    guid: UUID | None = None
    username: str = ""


Listed = DirectoryPerson | BadEntry
