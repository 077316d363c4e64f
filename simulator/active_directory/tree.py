"""All objects of a directory: found by name and identity, linked, renamed and removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import IntEnum
from threading import RLock

from simulator.active_directory import names
from simulator.active_directory.entries import Entry, Value
from simulator.active_directory.filetimes import generalized_time
from simulator.active_directory.identifiers import identity
from simulator.active_directory.names import DnKey
from simulator.active_directory.refusals import invalid_name, no_such_object

_UNIQUE_NAMES = ("sAMAccountName", "userPrincipalName")


class Scope(IntEnum):
    """How far below its base a search looks."""

    BASE = 0
    ONE_LEVEL = 1
    SUBTREE = 2


class Tree:
    """The objects. Whoever uses several methods for one act holds `lock` meanwhile."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.lock = RLock()
        self.update_number = 0
        self._by_key: dict[DnKey, Entry] = {}
        self._by_identity: dict[bytes, Entry] = {}
        self._by_unique_name: dict[tuple[str, str], Entry] = {}

    def keep(self, entry: Entry) -> None:
        """Take a new object in. ValueError if one of its names is taken."""
        with self.lock:
            if names.key(entry.dn) in self._by_key:
                raise ValueError(f"there is already an object {entry.dn}")
            for name in _unique_names(entry):
                if name in self._by_unique_name:
                    raise ValueError(f"the name {name[1]} is already taken")
            self._index(entry)
            entry.put("whenCreated", generalized_time(self.now()))
            self.touch(entry)
            entry.put("uSNCreated", self.update_number)

    def touch(self, entry: Entry) -> None:
        """Note that an object has changed."""
        self.update_number += 1
        entry.put("whenChanged", generalized_time(self.now()))
        entry.put("uSNChanged", self.update_number)

    def put(self, entry: Entry, attribute: str, *values: Value) -> None:
        """Change an attribute by hand, whatever it is; no values remove it."""
        with self.lock:
            self._unindex(entry)
            entry.put(attribute, *values)
            self._index(entry)
            self.touch(entry)

    def at(self, dn: str) -> Entry | None:
        """The object of that name."""
        return self._by_key.get(names.key(dn))

    def with_unique_name(self, attribute: str, value: str) -> Entry | None:
        """The object whose sAMAccountName or userPrincipalName this is."""
        return self._by_unique_name.get((attribute.lower(), value.casefold()))

    def with_identity(self, identity: bytes) -> Entry | None:
        """The object whose objectGUID or objectSid this is."""
        return self._by_identity.get(identity)

    def target(self, name: str) -> Entry:
        """What a request is aimed at: a name, `<GUID=…>` or `<SID=…>`. Refused as AD does."""
        try:
            wanted = identity(name)
            found = self.at(name) if wanted is None else self.with_identity(wanted)
        except ValueError:
            raise invalid_name() from None
        if found is None:
            raise no_such_object("" if wanted else self._nearest(name))
        return found

    def within(self, base: Entry, scope: Scope) -> Iterator[Entry]:
        """The objects of a search, in the order in which they were made."""
        if scope is Scope.BASE:
            yield base
            return
        above = names.key(base.dn)
        depth = len(above)
        for key, entry in list(self._by_key.items()):
            if key[:depth] == above and (scope is Scope.SUBTREE or len(key) == depth + 1):
                yield entry

    def link(self, group: Entry, member: Entry) -> None:
        """Make one object a member of another."""
        with self.lock:
            group.put("member", *group.values("member"), member.dn)
            member.put("memberOf", *member.values("memberOf"), group.dn)
            self.touch(group)

    def unlink(self, group: Entry, member: Entry) -> None:
        """End a membership."""
        with self.lock:
            _drop(group, "member", member.dn)
            _drop(member, "memberOf", group.dn)
            self.touch(group)

    def chain(self, entry: Entry, attribute: str) -> Iterator[Entry]:
        """Whatever is reached by following `memberOf` or `member`, however deep; each once."""
        seen: set[DnKey] = set()
        waiting = entry.texts(attribute)
        while waiting:
            dn = waiting.pop()
            found = self.at(dn)
            if found is not None and names.key(dn) not in seen:
                seen.add(names.key(dn))
                yield found
                waiting += found.texts(attribute)

    def rename(self, entry: Entry, dn: str) -> None:
        """Give an object another name or place, and its children and links with it."""
        with self.lock:
            kept = len(entry.dn)
            for each in list(self.within(entry, Scope.SUBTREE)):
                self._rename_one(each, each.dn[:-kept] + dn)

    def move(self, entry: Entry, below: str) -> None:
        """Put an object elsewhere under the same name."""
        kind, _, _ = entry.dn.partition("=")
        self.rename(entry, names.child(kind, names.first_value(entry.dn), below))

    def remove(self, entry: Entry) -> None:
        """Delete an object and its memberships."""
        with self.lock:
            for group in self._linked(entry, "memberOf"):
                self.unlink(group, entry)
            for member in self._linked(entry, "member"):
                self.unlink(entry, member)
            self._unindex(entry)
            self.update_number += 1

    def _rename_one(self, entry: Entry, dn: str) -> None:
        old_dn = entry.dn
        for attribute, back in (("memberOf", "member"), ("member", "memberOf")):
            for other in self._linked(entry, attribute):
                other.put(back, *(dn if name == old_dn else name for name in other.texts(back)))
        self._unindex(entry)
        entry.dn = dn
        self._index(entry)
        self.touch(entry)

    def _linked(self, entry: Entry, attribute: str) -> list[Entry]:
        found = (self.at(dn) for dn in entry.texts(attribute))
        return [other for other in found if other is not None]

    def _index(self, entry: Entry) -> None:
        self._by_key[names.key(entry.dn)] = entry
        for identity_ in filter(None, (entry.raw("objectGUID"), entry.sid)):
            self._by_identity[identity_] = entry
        for name in _unique_names(entry):
            self._by_unique_name[name] = entry

    def _unindex(self, entry: Entry) -> None:
        del self._by_key[names.key(entry.dn)]
        for identity_ in filter(None, (entry.raw("objectGUID"), entry.sid)):
            del self._by_identity[identity_]
        for name in _unique_names(entry):
            del self._by_unique_name[name]

    def _nearest(self, dn: str) -> str:
        while dn and self.at(dn) is None:
            dn = names.parent(dn)
        return dn


def _unique_names(entry: Entry) -> list[tuple[str, str]]:
    present = [(name.lower(), entry.text(name).casefold()) for name in _UNIQUE_NAMES]
    return [name for name in present if name[1]]


def _drop(entry: Entry, attribute: str, dn: str) -> None:
    kept = [name for name in entry.texts(attribute) if names.key(name) != names.key(dn)]
    entry.put(attribute, *kept)
