"""What happens when: by hand in tests, which never sleep, and by a thread in the demo."""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from threading import Condition, Thread
from typing import Protocol

Action = Callable[[], None]

log = logging.getLogger(__name__)


class Timetable(Protocol):
    """`later` is for quick changes of state, `soon` for work that may wait on the network."""

    def now(self) -> datetime: ...

    def later(self, seconds: float, action: Action) -> None: ...

    def soon(self, action: Action) -> None: ...

    def close(self) -> None: ...


class ManualTimetable:
    """Time stands still until `step` or `advance`, and everything runs in the calling thread."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime.now(UTC)
        self._due: list[tuple[datetime, int, Action]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        return self._now

    def later(self, seconds: float, action: Action) -> None:
        due = self._now + timedelta(seconds=seconds)
        heapq.heappush(self._due, (due, next(self._order), action))

    def soon(self, action: Action) -> None:
        action()

    def step(self) -> bool:
        """Do the next thing that is due, whenever that is. False when nothing is left."""
        if not self._due:
            return False
        due, _, action = heapq.heappop(self._due)
        self._now = max(self._now, due)
        action()
        return True

    def advance(self, seconds: float | None = None) -> None:
        """Do all that falls due within so many seconds, or all there is."""
        if seconds is None:
            while self.step():
                pass
            return
        end = self._now + timedelta(seconds=seconds)
        while self._due and self._due[0][0] <= end:
            self.step()
        self._now = max(self._now, end)

    def close(self) -> None:
        self._due.clear()


class LiveTimetable:
    """Real time: one thread minds the clock, and a few more do what may wait on the network.

    All are daemons, so that a webhook which hangs for 15 seconds never holds up the exit.
    """

    def __init__(self, workers: int = 8) -> None:
        self._changed = Condition()
        self._due: list[tuple[datetime, int, Action]] = []
        self._order = itertools.count()
        self._closed = False
        self._work: SimpleQueue[Action | None] = SimpleQueue()
        self._workers = [Thread(target=self._labour, daemon=True) for _ in range(workers)]
        self._clock = Thread(target=self._run, daemon=True)
        for thread in (self._clock, *self._workers):
            thread.start()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def later(self, seconds: float, action: Action) -> None:
        with self._changed:
            due = self.now() + timedelta(seconds=seconds)
            heapq.heappush(self._due, (due, next(self._order), action))
            self._changed.notify()

    def soon(self, action: Action) -> None:
        self._work.put(action)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._clock.join()
        for _ in self._workers:
            self._work.put(None)

    def _labour(self) -> None:
        while (action := self._work.get()) is not None:
            _safely(action)

    def _run(self) -> None:
        while (action := self._next()) is not None:
            _safely(action)

    def _next(self) -> Action | None:
        with self._changed:
            while not self._closed:
                wait = self._seconds_until_due()
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
            return None

    def _seconds_until_due(self) -> float | None:
        return (self._due[0][0] - self.now()).total_seconds() if self._due else None


def _safely(action: Action) -> None:
    """One failing action must not stop the clock. Only its type is logged: texts may be in it."""
    try:
        action()
    except Exception as error:  # noqa: BLE001  (the last resort of a thread)
        log.error("the carrier stumbled: %s", type(error).__name__)
