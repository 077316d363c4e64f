"""What happened, in order and without any body: the page draws it and tests assert on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from threading import Condition

from simulator.twilio.message import Message

Fact = str | int


class Kind(StrEnum):
    """What the carrier notes down, and (from the sign-in on) what the page notes beside it."""

    TEXTED = "texted"
    WEBHOOK = "webhook"
    WEBHOOK_FAILED = "webhook_failed"
    STATUS = "status"
    CALLBACK = "callback"
    CALLBACK_FAILED = "callback_failed"
    REDACTED = "redacted"
    DELETED = "deleted"
    REFUSED = "refused"
    FILTERED = "filtered"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    SIGN_IN = "sign_in"
    NEW_PASSWORD = "new_password"
    WRONG_TRIES = "wrong_tries"
    MAILED = "mailed"
    MAIL_OPENED = "mail_opened"


@dataclass(frozen=True, slots=True)
class Event:
    """`phone` is the person's number; `facts` hold codes and durations, never what was said."""

    id: int
    at: datetime
    kind: Kind
    phone: str
    sid: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


Listener = Callable[[Event, Message | None], None]


class Journal:
    """Append-only. Listeners are called before waiters wake, so both see the same world."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._news = Condition()
        self._events: list[Event] = []
        self.listeners: list[Listener] = []
        self.closed = False

    def note(self, kind: Kind, message: Message, **facts: Fact) -> None:
        self._append(kind, message.phone, message.sid, message, facts)

    def note_of(self, phone: str, kind: Kind, **facts: Fact) -> None:
        """Something about a person without a message: a refused one, a sign-in."""
        self._append(kind, phone, "", None, facts)

    def _append(
        self,
        kind: Kind,
        phone: str,
        sid: str,
        message: Message | None,
        facts: Mapping[str, Fact],
    ) -> None:
        with self._news:
            event = Event(len(self._events) + 1, self._now(), kind, phone, sid, dict(facts))
            self._events.append(event)
            for listener in self.listeners:
                listener(event, message)
            self._news.notify_all()

    @property
    def events(self) -> tuple[Event, ...]:
        with self._news:
            return tuple(self._events)

    @property
    def last_id(self) -> int:
        with self._news:
            return len(self._events)

    def wait(self, after: int, seconds: float) -> int:
        """Return the newest id as soon as it passes `after`, or when the time is up."""
        with self._news:
            self._news.wait_for(lambda: self.closed or len(self._events) > after, seconds)
            return len(self._events)

    def close(self) -> None:
        """Whoever waits is let go."""
        with self._news:
            self.closed = True
            self._news.notify_all()
