"""Where the time goes: the processor seconds of each part of the world while something happened."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks import databases
from benchmarks.directories import Staffed
from benchmarks.families import processor_seconds
from benchmarks.figures import Figure, figure
from benchmarks.installation import Measured
from benchmarks.phones import Phones
from tests.installation import Process

LOAD: Final = "load generator and stand-in for Twilio"
REST: Final = "nobody of these, or waiting"


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one core by part, and what all cores had to give meanwhile."""

    seconds: Mapping[str, float]
    elapsed: float

    def figures(self, what: str, where: str, count: int) -> Iterator[Figure]:
        """For each of so many times that it happened, beside all that the cores could give."""
        given = self.elapsed * (os.cpu_count() or 1)
        for part, seconds in {**self.seconds, REST: given - sum(self.seconds.values())}.items():
            name = f"core time for a {what}, {part}, {where}, beside all there was"
            yield figure(name, seconds / count * 1000, "ms", given / count * 1000)


class Meter:
    """Started when it is made; `read` tells what was spent since."""

    def __init__(self, parts: Mapping[str, Sequence[int]]) -> None:
        self._parts = parts
        self._began = time.monotonic()
        self._before = self._seconds()

    def read(self) -> Spent:
        after = self._seconds()
        seconds = {name: after[name] - before for name, before in self._before.items()}
        return Spent(seconds, time.monotonic() - self._began)

    def _seconds(self) -> dict[str, float]:
        return {name: sum(map(processor_seconds, pids)) for name, pids in self._parts.items()}


def parts_of(
    installation: Measured, phones: Phones, directory: Staffed | None = None
) -> dict[str, list[int]]:
    """Who is at work, by process id."""
    server = databases.server_pid(installation.database_url)
    parts = {
        "web": _running(installation.web),
        "workers": _running(*installation.workers),
        "clock": _running(installation.clock),
        "Redis": [installation.redis.process.pid] if installation.redis.process else [],
        "PostgreSQL": [server] if server else [],
        f"directory ({directory.name})" if directory else "": [directory.pid] if directory else [],
        LOAD: [phones.pid],
    }
    return {name: pids for name, pids in parts.items() if pids}


def _running(*processes: Process) -> list[int]:
    alive = (each.running for each in processes if each.running and each.running.poll() is None)
    return [each.pid for each in alive]
