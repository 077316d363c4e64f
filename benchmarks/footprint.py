"""What a command takes: the memory of its processes as the kernel counts it, and its start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, figure
from benchmarks.installation import Measured
from tests.installation import Process

_KILOBYTES_IN_MEGABYTE = 1024


@dataclass(frozen=True, slots=True)
class Footprint:
    start_seconds: float
    megabytes: float
    """Resident memory (RSS) of the largest of its processes: one of those that work."""


def measure(process: Process, start_seconds: float) -> Footprint:
    family = list(_family(process.running.pid)) if process.running else []
    return Footprint(start_seconds, max(map(_resident_megabytes, family)))


def figures(installation: Measured, empty: Footprint) -> Iterator[Figure]:
    """Of everything that runs, after it has worked for a while."""
    parts = (installation.web, installation.workers[0], installation.clock)
    for part in parts:
        ours = measure(part, installation.ready_after[part.name])
        least = empty if part is installation.web else None
        words = f"{part.name}{', beside an empty Flask view' if least else ''}"
        memory, start = (least.megabytes, least.start_seconds) if least else (None, None)
        yield figure(f"memory of a process, {words}", ours.megabytes, "MB", memory)
        yield figure(f"start until it is ready, {words}", ours.start_seconds, "s", start)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from _family(int(child))


def _resident_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return kilobytes / _KILOBYTES_IN_MEGABYTE
