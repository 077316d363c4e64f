"""Every message of the account, behind one lock; what it hands out are snapshots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import RLock
from typing import Any

from simulator.twilio.message import Message


class MessageStore:
    """Kept in the order of arrival. A deleted message is gone, as it is at Twilio."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._by_sid: dict[str, Message] = {}

    def add(self, message: Message) -> Message:
        with self._lock:
            self._by_sid[message.sid] = message
        return message

    def get(self, sid: str) -> Message | None:
        with self._lock:
            return self._by_sid.get(sid)

    def change(self, sid: str, **fields: Any) -> Message | None:
        """The changed message, or None when it was deleted meanwhile."""
        with self._lock:
            message = self._by_sid.get(sid)
            if message is None:
                return None
            return self.add(replace(message, **fields))

    def remove(self, sid: str) -> None:
        with self._lock:
            self._by_sid.pop(sid, None)

    def all(self) -> tuple[Message, ...]:
        with self._lock:
            return tuple(self._by_sid.values())

    def newest_first(self, wanted: Callable[[Message], bool]) -> list[Message]:
        return [message for message in reversed(self.all()) if wanted(message)]
