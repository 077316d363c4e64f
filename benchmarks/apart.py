"""Runs a part of the world in a process of its own, which ends with the one that asked for it."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

_SPAWN: Final = multiprocessing.get_context("spawn")
_END_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Part:
    """A process, and our end of the pipe to it."""

    pipe: Connection
    pid: int


@contextmanager
def apart(part: Callable[..., None], *arguments: Any) -> Iterator[Part]:
    """The part gets the other end of the pipe first, and ends when ours is shut."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_begin, args=(part, theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Part(ours, process.pid or 0)
    finally:
        ours.close()
        process.join(_END_SECONDS)
        process.kill()
        process.join()


def _begin(part: Callable[..., None], *arguments: Any) -> None:
    """Ctrl-C is for the one that asked: it ends us in good order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    part(*arguments)
