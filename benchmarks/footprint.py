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
    largest_megabytes: float
    """Resident memory (RSS) of the largest of its processes: one of those that work."""
    together_megabytes: float
    """Of all its processes, where what several share is counted once (PSS)."""


def measure(process: Process, start_seconds: float) -> Footprint:
    family = list(_family(process.running.pid)) if process.running else []
    resident = max(_megabytes(pid, "status", "VmRSS") for pid in family)
    together = sum(_megabytes(pid, "smaps_rollup", "Pss") for pid in family)
    return Footprint(start_seconds, resident, together)


def figures(installation: Measured, empty: Footprint) -> Iterator[Figure]:
    """Of everything that runs, after it has worked for a while."""
    parts = (installation.web, installation.workers[0], installation.clock)
    each = {part.name: measure(part, installation.ready_after[part.name]) for part in parts}
    beside = {"web": (", beside an empty Flask view", empty)}
    for name, ours in each.items():
        words, least = beside.get(name, ("", None))
        megabytes = least.largest_megabytes if least else None
        yield figure(f"memory of a {name} process{words}", ours.largest_megabytes, "MB", megabytes)
    for name, ours in each.items():
        words, least = beside.get(name, ("", None))
        seconds = least.start_seconds if least else None
        yield figure(
            f"start of the {name} until it is ready{words}", ours.start_seconds, "s", seconds
        )


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from _family(int(child))


def _megabytes(pid: int, file: str, name: str) -> float:
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
    return kilobytes / _KILOBYTES_IN_MEGABYTE
