"""Lists whole parts of a domain, page by page on one controller, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from directory.accounts import DirectorySettings
from directory.active_directory.controllers import Controllers
from directory.active_directory.eligibility import ORDINARY_USER, Circumstances, relative_id
from directory.active_directory.entries import Entry
from directory.active_directory.listed import EVERY_ATTRIBUTE, listed
from directory.active_directory.messages import (
    BIT_AND,
    IN_CHAIN,
    Filter,
    all_of,
    any_of,
    equal,
    matching,
)
from directory.active_directory.names import is_among, is_distinguished, lies_under, lies_within
from directory.active_directory.paging import Page
from directory.active_directory.session import Session
from directory.errors import AccountRefused, DirectoryMisconfigured
from directory.people import MOST_IN_A_PAGE, Listed, PeopleSource

ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}", re.ASCII)
SECURITY_GROUP = str(0x8000_0000)
A_PERSON = (
    equal("objectCategory", "person"),
    equal("objectClass", "user"),
    equal("sAMAccountType", str(ORDINARY_USER)),
)


class Begun(NamedTuple):
    """A listing whose first page has come."""

    where: Filter
    page: Page


@dataclass(frozen=True, slots=True)
class Listing:
    """Everybody whom a source means. It may be gone through once."""

    settings: DirectorySettings
    controllers: Controllers
    source: PeopleSource
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        """Refuse what cannot be meant before anybody is asked."""
        base = self.settings.base_dn
        faults = {
            f"{dn!r} is not a distinguished name": not is_distinguished(dn)
            for dn in (*self.source.places, *self.source.groups)
        } | {
            f"{dn} does not lie below the base DN {base}": not lies_within(dn, base)
            for dn in self.source.places
        }
        faults |= {
            f"{name!r} is not the name of an attribute": not ATTRIBUTE.fullmatch(name)
            for name in self.source.phone_attributes
        }
        faults["a page holds 1 to 500 accounts"] = not 0 < self.source.page_size <= MOST_IN_A_PAGE
        for fault in (words for words, holds in faults.items() if holds):
            raise DirectoryMisconfigured(fault)

    def people(self) -> Iterator[Listed]:
        """One after the other; no more than a page of them is held at a time."""
        session, begun = self.controllers.lasting(self._begun)
        try:
            for page in self._pages(session, begun):
                here = Circumstances(self.settings.base_dn, frozenset(), self.now())
                yield from (listed(entry, self.source, here) for entry in page.entries)
        finally:
            session.begin(self.controllers.page_deadline())
            session.close()

    @property
    def places(self) -> list[str]:
        """Where to look, without what lies in another of them already."""
        places = self.source.places or [self.settings.base_dn]
        outermost = [dn for dn in places if not any(lies_under(dn, other) for other in places)]
        return [dn for at, dn in enumerate(outermost) if not is_among(dn, outermost[:at])]

    def first_page(self, session: Session) -> Page:
        """What the listing begins with, on a session that is then good for listings only."""
        return self._begun(session).page

    def _begun(self, session: Session) -> Begun:
        session.wire.expect_pages(self.settings.page_seconds)
        where = self._filter(session)
        return Begun(where, self._page(session, self.places[0], where))

    def _pages(self, session: Session, begun: Begun) -> Iterator[Page]:
        yield from self._rest(session, self.places[0], begun.where, begun.page)
        for place in self.places[1:]:
            first = self._page(session, place, begun.where)
            yield from self._rest(session, place, begun.where, first)

    def _rest(self, session: Session, place: str, where: Filter, page: Page) -> Iterator[Page]:
        yield page
        while page.cookie:
            page = self._page(session, place, where, page.cookie)
            yield page

    def _page(self, session: Session, place: str, where: Filter, cookie: bytes = b"") -> Page:
        session.begin(self.controllers.page_deadline())
        attributes = (*EVERY_ATTRIBUTE, *self.source.phone_attributes)
        try:
            return session.page(place, where, attributes, self.source.page_size, cookie)
        except AccountRefused:
            raise DirectoryMisconfigured(f"there is no {place}, or we may not see it") from None

    def _filter(self, session: Session) -> Filter:
        parts = list(A_PERSON)
        if self.source.guids:
            parts.append(
                any_of(*(equal("objectGUID", each.bytes_le) for each in self.source.guids))
            )
        if self.source.groups:
            parts.append(any_of(*(self._in_group(session, dn) for dn in self.source.groups)))
        return all_of(*parts)

    def _in_group(self, session: Session, dn: str) -> Filter:
        """Whoever is in a group or in one within it, or has one of these as primary group.

        The primary group, mostly Domain Users, does not stand among the groups of an account.
        """
        groups = [_group(session, dn), *self._groups_within(session, dn)]
        primary = (str(relative_id(sid)) for each in groups for sid in each.all("objectSid")[:1])
        return any_of(
            matching("memberOf", IN_CHAIN, dn), *(equal("primaryGroupID", each) for each in primary)
        )

    def _groups_within(self, session: Session, dn: str) -> Iterator[Entry]:
        where = all_of(
            equal("objectCategory", "group"),
            matching("groupType", BIT_AND, SECURITY_GROUP),
            matching("memberOf", IN_CHAIN, dn),
        )
        cookie = b""
        while True:
            session.begin(self.controllers.page_deadline())
            page = session.page(session.domain_dn, where, ("objectSid",), MOST_IN_A_PAGE, cookie)
            yield from page.entries
            cookie = page.cookie
            if not cookie:
                return


def _group(session: Session, dn: str) -> Entry:
    try:
        found = session.read(dn, ("objectClass", "objectSid"))
    except AccountRefused:
        raise DirectoryMisconfigured(f"the group {dn} cannot be found") from None
    if b"group" not in found.all("objectClass"):
        raise DirectoryMisconfigured(f"{dn} is not a group")
    return found
