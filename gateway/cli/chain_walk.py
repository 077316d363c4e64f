"""Walks along the audit's chain to the first event that does not belong where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.chain import BEGINNING, ChainKeys
from gateway.cli import chain_faults as faults
from gateway.cli.chain_faults import ChainBroken, Fault
from gateway.records.audit_chain import AuditHead, StoredEvent, sealed_events
from gateway.records.chain_state import ChainState
from gateway.records.database import Database

AT_ONCE: Final = 2000


@dataclass
class Walk:
    """From the first event to the last, a portion at a time."""

    database: Database
    keys: ChainKeys
    state: ChainState
    kept: tuple[int, str] | None = None
    """A position and its hash, as somebody has written them down elsewhere."""
    verified: int = 0
    chain: str = BEGINNING
    older: int = 0
    """Events that had happened before the chain began."""
    upto: int = field(init=False)
    """As far as events go, beyond the head too, so that the first fault is the one named."""
    _head_fault: ChainBroken | None = field(init=False)
    _count: int = field(init=False, default=0)
    _began_at: str = field(init=False, default="")

    def __post_init__(self) -> None:
        head = self.state.head
        self._head_fault = self._fault_of(head)
        if head and not self._head_fault:
            self._count = head.count
            self._began_at = head.began_at.isoformat(timespec="microseconds")
        last = self.state.last_position
        self.upto = last if isinstance(last, int) else self._count

    def run(self, tell: Callable[[int], None]) -> None:
        """Raises ChainBroken. What is sealed meanwhile is left for the next time."""
        first = self.state.first_position
        if first is not None and (not isinstance(first, int) or first < 1):
            raise faults.no_position(first)
        while self.verified < self.upto:
            before = self.verified
            self._portion(min(before + AT_ONCE, self.upto))
            tell(self.verified - before)
        self._check_end()

    def _fault_of(self, head: AuditHead | None) -> ChainBroken | None:
        if head is None:
            sealed = self.state.last_position is not None
            return faults.head("was deleted") if sealed else None
        key = self.keys.listed.get(head.key_name)
        if key is None:
            return faults.head_of_unknown_key()
        return None if head.was_signed_with(key) else faults.head("was changed")

    def _portion(self, upto: int) -> None:
        with self.database.reading() as session:
            events = sealed_events(session, self.verified + 1, upto)
        for number, event in enumerate(events):
            position = self.verified + 1
            if event.position != position:
                raise self._gap_or_double(event)
            if self._link(event, position) != event.chain:
                raise self._misplaced(events[number:], position)
            self._step_onto(event, position)
        if self.verified < upto:
            raise faults.missing(self.verified + 1, upto)

    def _link(self, event: StoredEvent, position: int) -> str:
        key = self.keys.all.get(event.key_name)
        if key is None:
            raise faults.sealed_with_unknown_key(event, position)
        return key.link(self.chain, event.said(position))

    def _step_onto(self, event: StoredEvent, position: int) -> None:
        self.verified, self.chain = position, event.chain
        self.older += str(event.at) < self._began_at
        if self.kept and self.kept[0] == position and self.kept[1] != event.chain:
            raise faults.not_as_kept(position)

    def _gap_or_double(self, event: StoredEvent) -> ChainBroken:
        if event.position > self.verified:
            return faults.missing(self.verified + 1, event.position - 1)
        return faults.taken_twice(event)

    def _misplaced(self, events: Sequence[StoredEvent], position: int) -> ChainBroken:
        """Why the first of these does not follow: one further on that does tells it."""
        first = events[0]
        for number, each in enumerate(events[1:], 1):
            if not self._follows(self.chain, each, position, (each.chain, first.chain)):
                continue
            if number == 1 and len(events) > 2 and self._were_pushed_on(events, position):
                why = "was added: those after it are one place too far"
                return faults.of_event(Fault.ADDED, first, position, why)
            why = f"is out of order: the one with id {each.id} belongs there"
            return faults.of_event(Fault.OUT_OF_ORDER, first, position, why)
        if self.upto < self._count:
            why = "does not belong there: one before it was deleted"
            return faults.of_event(Fault.MISSING, first, position, why)
        why = "was changed, or the one before it was changed or deleted"
        return faults.of_event(Fault.CHANGED, first, position, why)

    def _were_pushed_on(self, events: Sequence[StoredEvent], position: int) -> bool:
        """Whether the third follows the second as if there were no first."""
        second, third = events[1], events[2]
        return self._follows(second.chain, third, position + 1, (third.chain,))

    def _follows(
        self, chain: str, event: StoredEvent, position: int, hashes: Sequence[str]
    ) -> bool:
        key = self.keys.all.get(event.key_name)
        return key is not None and key.link(chain, event.said(position)) in hashes

    def _check_end(self) -> None:
        if self._head_fault:
            raise self._head_fault
        if self.verified < self._count:
            raise faults.missing(self.verified + 1, self._count)
        if self.verified > self._count:
            raise faults.beyond_the_head(self._count + 1)
        if self.state.head and self.chain != self.state.head.chain:
            raise faults.head("has another hash than the last event")
        if not isinstance(self.state.last_position, int | None):
            raise faults.no_position(self.state.last_position)
        if self.kept and self.kept[0] > self.verified:
            raise faults.shorter_than_kept(self.kept[0], self.verified)
