"""What each phone shows. A phone keeps what it was sent, whatever the carrier forgets later."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from threading import RLock

from simulator.twilio.journal import Event, Kind
from simulator.twilio.message import Direction, Message, Status


class Look(StrEnum):
    """How a bubble stands. `coming` shows three dots: the text is still with the carrier."""

    SENT = "sent"
    COMING = "coming"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Bubble:
    """`version` is the id of the event that changed it last."""

    sid: str
    version: int
    mine: bool
    body: str = field(repr=False)
    at: datetime
    look: Look
    code: int = 0


class Handsets:
    """Listens to the carrier's journal; `since` tells a page what is new to it."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._bubbles: dict[str, dict[str, Bubble]] = {}

    def hear(self, event: Event, message: Message | None) -> None:
        """A listener for `Journal.listeners`."""
        if message is None:
            return
        with self._lock:
            thread = self._bubbles.setdefault(event.phone, {})
            bubble = _next(thread.get(event.sid), event, message)
            if bubble is not None:
                thread[event.sid] = bubble

    def since(self, phone: str, version: int = 0) -> list[Bubble]:
        """The bubbles of this phone that changed after a version, in the order of the thread."""
        with self._lock:
            return [
                each for each in self._bubbles.get(phone, {}).values() if each.version > version
            ]


def _next(bubble: Bubble | None, event: Event, message: Message) -> Bubble | None:
    if message.direction is Direction.INBOUND:
        return _next_mine(bubble, event, message)
    return _next_theirs(bubble, event, message)


def _next_mine(bubble: Bubble | None, event: Event, message: Message) -> Bubble | None:
    """One tick when the carrier has it, two when the gateway has answered its webhook."""
    if event.kind is Kind.TEXTED:
        return _new(event, message, Look.SENT)
    looks = {
        Kind.WEBHOOK: Look.DELIVERED,
        Kind.WEBHOOK_FAILED: Look.FAILED,
        Kind.FILTERED: Look.FAILED,
    }
    return _changed(bubble, event, looks.get(event.kind))


def _next_theirs(bubble: Bubble | None, event: Event, message: Message) -> Bubble | None:
    """The words appear when the carrier has handed them over, and not if they never arrive."""
    if event.kind is not Kind.STATUS:
        return None
    if bubble is None:
        look = Look.DELIVERED if message.status is Status.DELIVERED else Look.COMING
        return _new(event, message, look)
    looks = {
        Status.SENT: Look.SENT,
        Status.DELIVERED: Look.DELIVERED,
        Status.UNDELIVERED: Look.FAILED,
        Status.FAILED: Look.FAILED,
    }
    return _changed(bubble, event, looks.get(message.status))


def _new(event: Event, message: Message, look: Look) -> Bubble:
    mine = message.direction is Direction.INBOUND
    return Bubble(message.sid, event.id, mine, message.body, event.at, look)


def _changed(bubble: Bubble | None, event: Event, look: Look | None) -> Bubble | None:
    if bubble is None or look is None:
        return None
    code = int(event.facts.get("code", 0))
    return replace(bubble, version=event.id, look=look, code=code)
