"""Keeps worker processes running: one queue each, started again when one dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

import structlog

log = structlog.get_logger()

LOOK_EVERY_SECONDS: Final = 0.5
RESTART_AFTER_SECONDS: Final = 1.0
STOP_WITHIN_SECONDS: Final = 35.0
"""A job in hand may end first: longer than a request's lease, shorter than most supervisors."""


class Supervisor:
    """Starts one child for each command, and ends them all when it is told to end."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._commands = commands
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._stopping = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for slot in range(len(self._commands)):
            self._start(slot)
        while not self._stopping:
            time.sleep(LOOK_EVERY_SECONDS)
            self._restart_the_dead()
        self._end_all()

    def _start(self, slot: int) -> None:
        """A child reads its standard input: when we die, however, it ends and the child stops.

        In a session of its own it gets no signal from the terminal, but only those from us.
        """
        command = [sys.executable, "-P", "-m", "gateway.cli", *self._commands[slot]]
        self._children[slot] = subprocess.Popen(  # noqa: S603  (our own command)
            command, stdin=subprocess.PIPE, start_new_session=True
        )

    def _restart_the_dead(self) -> None:
        for slot, child in self._children.items():
            if child.poll() is None or self._stopping:
                continue
            log.error("worker.died", status=child.returncode, command=self._commands[slot])
            time.sleep(RESTART_AFTER_SECONDS)
            if not self._stopping:
                self._start(slot)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _end_all(self) -> None:
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        for child in self._children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("worker.killed", pid=child.pid)
                child.kill()
                child.wait()
