"""What goes wrong, on demand: one vocabulary for tests in Python and for the control endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from threading import RLock
from typing import Literal

from simulator.twilio.message import Status

RequestKind = Literal[
    "too_many_requests", "server_error", "unavailable", "error",
    "problem", "html", "empty", "hang", "drop",
]  # fmt: skip
Operation = Literal["create", "fetch", "list", "update", "delete", "lookup", "any"]


@dataclass(frozen=True, slots=True)
class RequestFault:
    """How the next requests are answered. With `accepted` the work is done all the same."""

    kind: RequestKind
    operation: Operation = "create"
    times: int = 1
    accepted: bool = False
    seconds: float = 0.0
    code: int = 20500

    def meets(self, operation: str) -> bool:
        return self.operation in {operation, "any"}


@dataclass(frozen=True, slots=True)
class Fate:
    """How a message to some number ends. SENT means that no delivery receipt ever comes."""

    status: Status = Status.DELIVERED
    code: int | None = None


class Faults:
    """Every method says what it breaks; `clear` mends everything. Safe to use from any thread.

    `number` may be a whole number or only the beginning of one (`+44`); the longest match counts.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._requests: list[RequestFault] = []
            self._refusals: dict[str, int] = {}
            self._fates: dict[str, Fate] = {}
            self._left: dict[str, int] = {}
            self.text_copies = 1
            self.callback_copies = 1
            self.queue_seconds = 0.0

    def answer(
        self,
        kind: RequestKind,
        *,
        operation: Operation = "create",
        times: int = 1,
        accepted: bool = False,
        seconds: float = 0.0,
        code: int = 20500,
    ) -> None:
        """Spoil the next `times` requests of one operation. `code` is for `error` and `problem`."""
        with self._lock:
            fault = RequestFault(kind, operation, times, accepted, seconds, code)
            self._requests.append(fault)

    def refuse(self, number: str, code: int) -> None:
        """The API refuses to send to it or from it: 21608, 21408, 21614, 21611, …"""
        with self._lock:
            self._refusals[number] = code

    def undelivered(self, number: str, code: int = 30003) -> None:
        """It goes out and never arrives: 30003 unreachable, 30005 unknown, 30007 filtered, …"""
        with self._lock:
            self._fates[number] = Fate(Status.UNDELIVERED, code)

    def failed(self, number: str, code: int = 30008) -> None:
        """It is accepted and never goes out."""
        with self._lock:
            self._fates[number] = Fate(Status.FAILED, code)

    def no_receipt(self, number: str) -> None:
        """It arrives, and the carrier never says so: the message stays `sent`."""
        with self._lock:
            self._fates[number] = Fate(Status.SENT)

    def duplicate_texts(self, copies: int = 2) -> None:
        """Each inbound text is posted so many times."""
        with self._lock:
            self.text_copies = copies

    def duplicate_callbacks(self, copies: int = 2) -> None:
        """Each status callback is posted so many times."""
        with self._lock:
            self.callback_copies = copies

    def lose_callbacks(self, times: int = 1) -> None:
        """The next callbacks are never posted."""
        with self._lock:
            self._left["lost"] = times

    def reorder_callbacks(self, times: int = 1) -> None:
        """The callbacks of the next messages are held back, and come last first."""
        with self._lock:
            self._left["reordered"] = times

    def early_callbacks(self, times: int = 1) -> None:
        """The next messages are delivered, and reported so, before `create` has answered."""
        with self._lock:
            self._left["early"] = times

    def slow_queue(self, seconds: float) -> None:
        """Messages wait so long at Twilio; those whose validity ends meanwhile fail with 30036."""
        with self._lock:
            self.queue_seconds = seconds

    def next_request(self, operation: str) -> RequestFault | None:
        """Take one: the oldest that meets this operation."""
        with self._lock:
            for index, fault in enumerate(self._requests):
                if fault.meets(operation):
                    return self._use_up(index, fault)
            return None

    def _use_up(self, index: int, fault: RequestFault) -> RequestFault:
        if fault.times > 1:
            self._requests[index] = replace(fault, times=fault.times - 1)
        else:
            del self._requests[index]
        return fault

    def refusal(self, *numbers: str) -> int | None:
        with self._lock:
            found = [_longest(self._refusals, number) for number in numbers]
            return next((self._refusals[prefix] for prefix in found if prefix), None)

    def fate(self, number: str) -> Fate:
        with self._lock:
            prefix = _longest(self._fates, number)
            return self._fates[prefix] if prefix else Fate()

    def loses_callback(self) -> bool:
        return self._take("lost")

    def reorders(self) -> bool:
        return self._take("reordered")

    def is_early(self) -> bool:
        return self._take("early")

    def _take(self, name: str) -> bool:
        with self._lock:
            left = self._left.get(name, 0)
            self._left[name] = max(0, left - 1)
            return left > 0


def _longest(prefixes: Iterable[str], number: str) -> str | None:
    return max((each for each in prefixes if number.startswith(each)), key=len, default=None)
