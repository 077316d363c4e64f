"""Searches: which objects are found, which of their attributes are told, and in what portions."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from simulator.active_directory import filters, refusals
from simulator.active_directory.accounts import User
from simulator.active_directory.computed import COMPUTED
from simulator.active_directory.controls import Page
from simulator.active_directory.domain import Domain
from simulator.active_directory.entries import Entry, Values
from simulator.active_directory.names import DnKey, key, parent
from simulator.active_directory.refusals import ResultCode
from simulator.active_directory.syntaxes import Comparable
from simulator.active_directory.tree import Scope
from simulator.active_directory.wire import SearchRequest

MAX_PAGE_SIZE = 1000
"""As many as one answer holds in a Windows domain that nobody has tuned."""

Row = tuple[str, Sequence[tuple[str, Values]]]
_INDEXED_NAMES = frozenset(("samaccountname", "userprincipalname"))
_INDEXED_IDENTITIES = frozenset(("objectguid", "objectsid"))


@dataclass(frozen=True, slots=True)
class Found:
    """One portion of what a search found."""

    rows: list[Row]
    code: ResultCode = ResultCode.SUCCESS
    cookie: bytes | None = None
    """None if the search was not paged, empty on the last page."""

    @property
    def is_last(self) -> bool:
        return not self.cookie


@dataclass(slots=True)
class _Paged:
    """A search of which some pages have been told."""

    request: SearchRequest
    base: DnKey
    candidates: list[Entry]
    told: int = 0
    """How many of the candidates have been looked at."""


@dataclass(slots=True)
class Searches:
    """The searches of one connection. A cookie means nothing on another, or with another search."""

    domain: Domain
    _waiting: dict[bytes, _Paged] = field(default_factory=dict)

    def run(self, request: SearchRequest, caller: User, page: Page | None) -> Found:
        """Search, or go on with a search. The caller holds the domain's lock."""
        if page is None:
            return self._portion(request, caller)
        if not page.cookie:
            candidates = list(self._candidates(request, caller))
            base = key(self.domain.target(request.base).dn)
            return self._page(_Paged(request, base, candidates), caller, page.size or MAX_PAGE_SIZE)
        waiting = self._waiting.pop(page.cookie, None)
        if waiting is None or waiting.request != request:
            raise refusals.control_refused()
        return self._page(waiting, caller, page.size) if page.size else Found([], cookie=b"")

    def _page(self, paged: _Paged, caller: User, size: int) -> Found:
        """The next ones that are there still, and still fit: who was deleted is told no more."""
        limit, rows = min(size, MAX_PAGE_SIZE), list[Row]()
        while paged.told < len(paged.candidates):
            entry = paged.candidates[paged.told]
            if self._is_there(entry, paged) and self._is_meant(entry, paged.request, caller):
                if len(rows) == limit:
                    return Found(rows, cookie=self._kept(paged))
                rows.append(_row(self.domain, entry, paged.request, caller))
            paged.told += 1
        return Found(rows, cookie=b"")

    def _kept(self, paged: _Paged) -> bytes:
        cookie = secrets.token_bytes(8)
        self._waiting[cookie] = paged
        return cookie

    def _portion(self, request: SearchRequest, caller: User) -> Found:
        limit = min(request.size_limit or MAX_PAGE_SIZE, MAX_PAGE_SIZE)
        candidates = self._candidates(request, caller)
        meant = (each for each in candidates if self._is_meant(each, request, caller))
        found = list(islice(meant, limit + 1))
        rows = [_row(self.domain, each, request, caller) for each in found[:limit]]
        too_many = len(found) > limit
        return Found(rows, ResultCode.SIZE_LIMIT_EXCEEDED if too_many else ResultCode.SUCCESS)

    def _candidates(self, request: SearchRequest, caller: User) -> Iterable[Entry]:
        base = self.domain.target(request.base)
        if not self._may_see(base, caller):
            raise refusals.no_such_object(parent(base.dn))
        asked = {name.lower() for name in request.attributes}
        if request.scope is not Scope.BASE and any(
            computed.base_only for name, computed in COMPUTED.items() if name in asked
        ):
            raise refusals.token_groups_need_a_base_search()
        return _candidates(self.domain, base, request)

    def _is_meant(self, entry: Entry, request: SearchRequest, caller: User) -> bool:
        fits = request.filter.judge(_Judged(self.domain, entry))
        return bool(fits) and self._may_see(entry, caller)

    def _is_there(self, entry: Entry, paged: _Paged) -> bool:
        """Between two pages it may have been deleted, or moved to where nobody looks for it."""
        above = key(entry.dn)[: len(paged.base)]
        return self.domain.at(entry.dn) is entry and above == paged.base

    def _may_see(self, entry: Entry, caller: User) -> bool:
        return not self.domain.is_hidden(entry) or self.domain.is_administrator(caller)


def selected(entry: Entry, names: Sequence[str], *, types_only: bool = False) -> Row:
    """The stored attributes that were asked for; all of them if none or `*` was named."""
    everything = not names or "*" in names
    told = entry.stored() if everything else entry.chosen({name.lower() for name in names})
    return entry.dn, [(name, ()) for name, _ in told] if types_only else list(told)


@dataclass(frozen=True, slots=True)
class _Judged:
    """An object as a filter sees it."""

    domain: Domain
    entry: Entry

    def values(self, attribute: str) -> Values | None:
        return None if attribute.lower() in COMPUTED else self.entry.values(attribute)

    def chain(self, attribute: str) -> set[DnKey]:
        return {key(each.dn) for each in self.domain.chain(self.entry, attribute)}


def _row(domain: Domain, entry: Entry, request: SearchRequest, caller: User) -> Row:
    dn, attributes = selected(entry, request.attributes, types_only=request.types_only)
    if not isinstance(entry, User):
        return dn, attributes
    computed = (COMPUTED[name.lower()] for name in request.attributes if name.lower() in COMPUTED)
    told = ((each.name, each.of(domain, entry, caller)) for each in computed)
    return dn, [*attributes, *((name, values) for name, values in told if values)]


def _candidates(domain: Domain, base: Entry, request: SearchRequest) -> Iterable[Entry]:
    """What could be found: by an index where the filter allows it.

    The configuration is a naming context of its own, and not below the domain's head here.
    """
    indexed = _indexed(domain, request.filter)
    if indexed is None:
        inside = domain.within(base, request.scope)
        return (each for each in inside if base is not domain.head or domain.in_domain(each))
    above, depth = key(base.dn), len(key(base.dn))
    return [
        each
        for each in indexed
        if (each_key := key(each.dn))[:depth] == above and _in_scope(len(each_key) - depth, request)
    ]


def _in_scope(levels_below: int, request: SearchRequest) -> bool:
    return request.scope is Scope.SUBTREE or levels_below == int(request.scope)


def _indexed(domain: Domain, searched: filters.Filter) -> list[Entry] | None:
    """All that can satisfy the filter, if an index tells; else None."""
    match searched:
        case filters.Equal(attribute=attribute, value=value):
            return _looked_up(domain, attribute.lower(), value)
        case filters.And(parts=parts):
            each = (_indexed(domain, part) for part in parts)
            return next((found for found in each if found is not None), None)
        case filters.Or(parts=parts):
            found = [_indexed(domain, part) for part in parts]
            together = [entry for some in found for entry in some or ()]
            return (
                None if None in found else list({id(entry): entry for entry in together}.values())
            )
        case _:
            return None


def _looked_up(domain: Domain, attribute: str, value: Comparable | None) -> list[Entry] | None:
    if attribute in _INDEXED_NAMES and isinstance(value, str):
        found = domain.with_unique_name(attribute, value)
    elif attribute in _INDEXED_IDENTITIES and isinstance(value, bytes):
        found = domain.with_identity(value)
    else:
        return None
    return [] if found is None else [found]
