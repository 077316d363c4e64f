"""What a command takes: the memory of its processes as the kernel counts it, and its start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.families import family, proportional_megabytes, resident_megabytes
from benchmarks.figures import Figure, figure
from benchmarks.installation import Measured
from tests.installation import Process


@dataclass(frozen=True, slots=True)
class Footprint:
    start_seconds: float
    resident: float
    """Megabytes (RSS) of the largest of its processes: one of those that work."""
    proportional: float
    """Megabytes (PSS) of that process."""
    together: float
    """Megabytes (PSS) of all its processes."""


def measure(process: Process, start_seconds: float) -> Footprint:
    pids = list(family(process.running.pid)) if process.running else []
    largest = max(pids, key=resident_megabytes)
    each = {pid: proportional_megabytes(pid) for pid in pids}
    return Footprint(start_seconds, resident_megabytes(largest), each[largest], sum(each.values()))


def figures(installation: Measured, empty: Footprint) -> Iterator[Figure]:
    """Of everything that runs, after it has worked for a while."""
    for part in (installation.web, installation.workers[0], installation.clock):
        ours = measure(part, installation.ready_after[part.name])
        yield from _rows(part.name, ours, empty if part is installation.web else None)


def _rows(name: str, ours: Footprint, least: Footprint | None) -> Iterator[Figure]:
    name += ", beside an empty Flask view" if least else ""
    rows = (
        ("memory of a process (RSS)", "MB", "resident"),
        ("memory of a process (PSS)", "MB", "proportional"),
        ("memory of the command's processes together (PSS)", "MB", "together"),
        ("start until it is ready", "s", "start_seconds"),
    )
    for what, unit, field in rows:
        beside = getattr(least, field) if least else None
        yield figure(f"{what}, {name}", getattr(ours, field), unit, beside)
