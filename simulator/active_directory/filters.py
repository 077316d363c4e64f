"""Search filters: read from the wire and judged as Active Directory judges them.

A judgement is True, False or None: what cannot be filtered (a constructed attribute, an
unknown rule) is undefined, and neither it nor its negation finds anything.
An attribute that is simply absent is False, so its negation does find the object.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from simulator.active_directory import ber
from simulator.active_directory.names import DnKey
from simulator.active_directory.syntaxes import Comparable, comparable, number

BIT_AND = "1.2.840.113556.1.4.803"
BIT_OR = "1.2.840.113556.1.4.804"
IN_CHAIN = "1.2.840.113556.1.4.1941"


Comparison = Callable[[Any, Any], bool]
"""Of two values of one attribute, which are therefore of one type."""


class Judged(Protocol):
    """What a filter asks of an object."""

    def values(self, attribute: str) -> tuple[bytes, ...] | None:
        """None if the attribute cannot be filtered."""
        ...

    def chain(self, attribute: str) -> set[DnKey]:
        """What is reached by following a linked attribute."""
        ...


class Filter(Protocol):
    """One filter or a part of one."""

    def judge(self, entry: Judged) -> bool | None:
        """Whether the object is meant; None is undefined."""
        ...


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Filter, ...]

    def judge(self, entry: Judged) -> bool | None:
        undefined = False
        for part in self.parts:
            judged = part.judge(entry)
            if judged is False:
                return False
            undefined |= judged is None
        return None if undefined else True


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Filter, ...]

    def judge(self, entry: Judged) -> bool | None:
        judged = [part.judge(entry) for part in self.parts]
        return True if True in judged else None if None in judged else False


@dataclass(frozen=True, slots=True)
class Not:
    part: Filter

    def judge(self, entry: Judged) -> bool | None:
        judged = self.part.judge(entry)
        return None if judged is None else not judged


@dataclass(frozen=True, slots=True)
class Present:
    attribute: str

    def judge(self, entry: Judged) -> bool | None:
        values = entry.values(self.attribute)
        return None if values is None else bool(values)


@dataclass(frozen=True, slots=True)
class Equal:
    attribute: str
    value: Comparable | None

    def judge(self, entry: Judged) -> bool | None:
        values = entry.values(self.attribute)
        if values is None or self.value is None:
            return None
        return any(comparable(self.attribute, value) == self.value for value in values)


@dataclass(frozen=True, slots=True)
class Ordered:
    """>= and <=, on numbers and texts."""

    attribute: str
    value: Comparable | None
    compare: Comparison

    def judge(self, entry: Judged) -> bool | None:
        values = entry.values(self.attribute)
        if values is None or self.value is None:
            return None
        return any(self.compare(comparable(self.attribute, value), self.value) for value in values)


@dataclass(frozen=True, slots=True)
class Substrings:
    attribute: str
    initial: str
    within: tuple[str, ...]
    final: str

    def judge(self, entry: Judged) -> bool | None:
        values = entry.values(self.attribute)
        return None if values is None else any(map(self._fits, values))

    def _fits(self, value: bytes) -> bool:
        text = value.decode(errors="replace").casefold()
        if not text.startswith(self.initial):
            return False
        position = len(self.initial)
        for part in self.within:
            found = text.find(part, position)
            if found < 0:
                return False
            position = found + len(part)
        return text[position:].endswith(self.final)


@dataclass(frozen=True, slots=True)
class Bits:
    """All of the bits, or any of them."""

    attribute: str
    bits: int
    all_of_them: bool

    def judge(self, entry: Judged) -> bool | None:
        values = entry.values(self.attribute)
        return None if values is None else any(self._fit(int(value)) for value in values)

    def _fit(self, value: int) -> bool:
        common = value & self.bits
        return common == self.bits if self.all_of_them else common != 0


@dataclass(frozen=True, slots=True)
class InChain:
    attribute: str
    dn: DnKey

    def judge(self, entry: Judged) -> bool | None:
        return self.dn in entry.chain(self.attribute)


@dataclass(frozen=True, slots=True)
class Undefined:
    """A rule that this server doesn't know."""

    def judge(self, entry: Judged) -> bool | None:  # noqa: ARG002 - the same for every object
        return None


def read(tag: int, content: bytes) -> Filter:
    """A filter from the wire. BerError if it isn't one."""
    reader = _READERS.get(tag)
    if reader is None:
        raise ber.BerError("an unknown kind of filter")
    return reader(content)


def _parts(content: bytes) -> tuple[Filter, ...]:
    return tuple(read(tag, part) for tag, part in ber.elements(content))


def _assertion(content: bytes) -> tuple[str, bytes]:
    (_, attribute), (_, value) = ber.listed(content, 2)
    return attribute.decode(), value


def _equal(content: bytes) -> Filter:
    attribute, value = _assertion(content)
    return Equal(attribute, comparable(attribute, value))


def _at_least(value: Any, bound: Any) -> bool:
    return bool(value >= bound)


def _at_most(value: Any, bound: Any) -> bool:
    return bool(value <= bound)


def _ordered(compare: Comparison) -> Callable[[bytes], Filter]:
    def reader(content: bytes) -> Filter:
        attribute, value = _assertion(content)
        return Ordered(attribute, comparable(attribute, value), compare)

    return reader


def _substrings(content: bytes) -> Filter:
    (_, attribute), (_, parts) = ber.listed(content, 2)
    texts = [(tag, part.decode().casefold()) for tag, part in ber.elements(parts)]
    return Substrings(
        attribute.decode(),
        initial="".join(text for tag, text in texts if tag == 0x80),
        within=tuple(text for tag, text in texts if tag == 0x81),
        final="".join(text for tag, text in texts if tag == 0x82),
    )


def _extensible(content: bytes) -> Filter:
    parts = dict(ber.elements(content))
    rule, attribute = parts.get(0x81, b"").decode(), parts.get(0x82, b"").decode()
    value = parts.get(0x83, b"")
    if rule in {BIT_AND, BIT_OR}:
        bits = number(value)
        return Undefined() if bits is None else Bits(attribute, bits, rule == BIT_AND)
    dn = comparable(attribute, value) if rule == IN_CHAIN else None
    return InChain(attribute, dn) if isinstance(dn, tuple) else Undefined()


_READERS: dict[int, Callable[[bytes], Filter]] = {
    0xA0: lambda content: And(_parts(content)),
    0xA1: lambda content: Or(_parts(content)),
    0xA2: lambda content: Not(_parts(content)[0]),
    0xA3: _equal,
    0xA4: _substrings,
    0xA5: _ordered(_at_least),
    0xA6: _ordered(_at_most),
    0x87: lambda content: Present(content.decode()),
    0xA8: _equal,
    0xA9: _extensible,
}
