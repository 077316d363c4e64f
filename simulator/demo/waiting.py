"""Waits in small steps, so that Ctrl-C, SIGTERM and a closed terminal are heeded at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from simulator.demo.errors import Interrupted

STEP_SECONDS = 0.05


class Waiting:
    """A signal is only noted when it comes, and acted on between two steps: nothing is torn."""

    def __init__(self, tick: Callable[[], None] = lambda: None) -> None:
        self._tick = tick
        self._asked_to_end = False

    def listen(self) -> None:
        """From now on these signals ask for an end, but for those that `nohup` had us ignore."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._note)

    def step(self) -> None:
        """A short moment. Raises Interrupted."""
        if self._asked_to_end:
            raise Interrupted
        time.sleep(STEP_SECONDS)
        self._tick()

    def until(self, done: Callable[[], bool], seconds: float) -> bool:
        """False if it was not done in time. Raises Interrupted."""
        last = time.monotonic() + seconds
        while not done():
            if time.monotonic() > last:
                return False
            self.step()
        return True

    def _note(self, *_: object) -> None:
        self._asked_to_end = True
