"""What the kernel counts of a process and all that it started: processor time and memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

TICKS_IN_SECOND: Final = os.sysconf("SC_CLK_TCK")
KILOBYTES_IN_MEGABYTE: Final = 1024


def family(pid: int) -> Iterator[int]:
    """The process, its children, and theirs."""
    yield pid
    with suppress(OSError):  # it has ended meanwhile
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from family(int(child))


def processor_seconds(pid: int) -> float:
    """Of the whole family, those included that have ended and were waited for."""
    return sum(map(_processor_seconds, family(pid)))


def resident_megabytes(pid: int) -> float:
    """RSS: what it shares with others counts whole."""
    return _megabytes(pid, "Rss:")


def proportional_megabytes(pid: int) -> float:
    """PSS: what it shares with others counts by its share, so that sums are true."""
    return _megabytes(pid, "Pss:")


def _processor_seconds(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0  # its parent now counts it
    user, system, of_ended_user, of_ended_system = map(int, stat.rpartition(") ")[2].split()[11:15])
    return (user + system + of_ended_user + of_ended_system) / TICKS_IN_SECOND


def _megabytes(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith(name))
    return kilobytes / KILOBYTES_IN_MEGABYTE
