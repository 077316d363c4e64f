"""One object of the directory: its name, its identity, and its attributes as they are stored."""

from __future__ import annotations

from collections.abc import Container, Iterator
from uuid import UUID

from simulator.active_directory import names
from simulator.active_directory.identifiers import guid_bytes

Value = str | int | bytes | bool
Values = tuple[bytes, ...]


class Entry:
    """An object. Attributes are found whatever their case, and keep the schema's spelling."""

    def __init__(self, dn: str, *, classes: tuple[str, ...], category: str, guid: UUID) -> None:
        self.guid = guid
        self._stored: dict[str, tuple[str, Values]] = {}
        self.put("objectClass", *classes)
        self.put("objectCategory", category)
        self.put("objectGUID", guid_bytes(guid))
        self.put("instanceType", 4)
        self.dn = dn

    @property
    def dn(self) -> str:
        """The distinguished name. Renaming goes through the tree, which keeps the links."""
        return self.text("distinguishedName")

    @dn.setter
    def dn(self, dn: str) -> None:
        self.put("distinguishedName", dn)
        self.put("name", names.first_value(dn))
        self.put(dn.partition("=")[0].lower(), names.first_value(dn))

    @property
    def sid(self) -> bytes:
        """The security identifier as bytes, empty for objects without one."""
        return self.raw("objectSid")

    def put(self, name: str, *values: Value) -> None:
        """Replace an attribute. No values remove it."""
        if values:
            self._stored[name.lower()] = (name, tuple(_octets(value) for value in values))
        else:
            self._stored.pop(name.lower(), None)

    def values(self, name: str) -> Values:
        """All values, or none."""
        found = self._stored.get(name.lower())
        return found[1] if found else ()

    def raw(self, name: str) -> bytes:
        """The first value, or nothing."""
        found = self._stored.get(name.lower())
        return found[1][0] if found else b""

    def text(self, name: str) -> str:
        """The first value as text."""
        return self.raw(name).decode()

    def texts(self, name: str) -> list[str]:
        """All values as text."""
        return [value.decode() for value in self.values(name)]

    def number(self, name: str) -> int:
        """The first value as a number, 0 if there is none."""
        return int(self.raw(name) or 0)

    def spelling(self, name: str) -> str:
        """The attribute's name as the schema spells it, if it is stored."""
        found = self._stored.get(name.lower())
        return found[0] if found else name

    def stored(self) -> Iterator[tuple[str, Values]]:
        """Every attribute in the order in which it came to be."""
        yield from self._stored.values()

    def chosen(self, names: Container[str]) -> Iterator[tuple[str, Values]]:
        """Those with one of these names, which are in lower case."""
        return (kept for name, kept in self._stored.items() if name in names)

    def state(self) -> dict[str, tuple[str, Values]]:
        """What `restore` brings back."""
        return dict(self._stored)

    def restore(self, state: dict[str, tuple[str, Values]]) -> None:
        """Make as if nothing had been put since `state` was taken."""
        self._stored = dict(state)


class Text:
    """A single-valued text attribute as a property."""

    def __init__(self, attribute: str) -> None:
        self._attribute = attribute

    def __get__(self, entry: Entry, owner: object = None) -> str:
        return entry.text(self._attribute)

    def __set__(self, entry: Entry, value: str) -> None:
        entry.put(self._attribute, *([value] if value else []))


class Number:
    """A single-valued number attribute as a property."""

    def __init__(self, attribute: str) -> None:
        self._attribute = attribute

    def __get__(self, entry: Entry, owner: object = None) -> int:
        return entry.number(self._attribute)

    def __set__(self, entry: Entry, value: int) -> None:
        entry.put(self._attribute, int(value))


def _octets(value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"TRUE" if value else b"FALSE"
    return str(value).encode()
