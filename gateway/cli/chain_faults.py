"""What can be wrong with the audit's chain, each in a sentence."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from gateway.records.audit_chain import StoredEvent


class Fault(StrEnum):
    """The kinds, for programs."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    OUT_OF_ORDER = "out_of_order"
    KEY_LACKING = "key_lacking"
    HEAD = "head"
    NOT_AS_KEPT = "not_as_kept"
    NOT_SEALED = "not_sealed"


class ChainBroken(Exception):
    """The first fault that was found, and where."""

    def __init__(
        self, fault: Fault, sentence: str, position: Any = None, event_id: Any = None
    ) -> None:
        super().__init__(sentence)
        self.fault, self.position, self.event_id = fault, position, event_id


def of_event(fault: Fault, event: StoredEvent, position: Any, why: str) -> ChainBroken:
    sentence = f"the event at position {position} (id {event.id}) {why}"
    return ChainBroken(fault, sentence, position, event.id)


def missing(first: int, last: int) -> ChainBroken:
    which = f"position {first} is" if first == last else f"positions {first} to {last} are"
    return ChainBroken(Fault.MISSING, f"{which} missing: events were deleted there", first)


def sealed_with_unknown_key(event: StoredEvent, position: int) -> ChainBroken:
    why = "names a key that SECRET_KEYS and the database lack: it was changed, or a key was lost"
    return of_event(Fault.KEY_LACKING, event, position, why)


def taken_twice(event: StoredEvent) -> ChainBroken:
    why = "was added, or another that stands at the same position"
    return of_event(Fault.ADDED, event, event.position, why)


def no_position(position: Any) -> ChainBroken:
    return ChainBroken(Fault.ADDED, f"there is an event at position {position!r}", position)


def beyond_the_head(position: int) -> ChainBroken:
    sentence = f"the chain ends before position {position}: that event was added"
    return ChainBroken(Fault.ADDED, sentence, position)


def head(why: str) -> ChainBroken:
    return ChainBroken(Fault.HEAD, f"the chain's head {why}")


def head_of_unknown_key() -> ChainBroken:
    return ChainBroken(
        Fault.KEY_LACKING,
        "the chain's head is signed with a key that SECRET_KEYS does not list: put it back at the "
        "end, and let the clock seal an event before you take it out",
    )


def not_as_kept(position: int) -> ChainBroken:
    return ChainBroken(
        Fault.NOT_AS_KEPT,
        f"position {position} has another hash than the one that you kept: the chain was made "
        "anew since",
        position,
    )


def shorter_than_kept(position: int, end: int) -> ChainBroken:
    return ChainBroken(
        Fault.NOT_AS_KEPT,
        f"you kept the hash of position {position}, but the chain ends at {end}: its end was "
        "cut off since",
        end + 1,
    )
