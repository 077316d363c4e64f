"""Part (f): a sync with a directory of thousands, the first time and when nothing is new."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.bench import Bench
from benchmarks.families import KILOBYTES_IN_MEGABYTE
from benchmarks.figures import Figure, figure
from benchmarks.installation import Measured
from benchmarks.progress import say

LOOKS_EVERY_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """A whole command, the start of Python included."""

    seconds: float
    megabytes: float
    """The most that it held (RSS)."""


def measure(bench: Bench) -> Iterator[Figure]:
    with bench.listed() as directory:
        for database in bench.databases():
            with bench.set_up(database, directory, []) as installation:
                say(f"sync: {len(directory.people)} accounts on {database}")
                least = _run(installation, "people", "list", "northwind")
                first, again = (
                    _run(installation, "people", "sync", "northwind", "--trust-phones")
                    for _ in range(2)
                )
            accounts = f"{len(directory.people):,} accounts, {database}"
            yield from _figures(accounts, least, first, again)


def _run(installation: Measured, *words: str) -> Run:
    began = time.monotonic()
    running = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", *words],
        env={**os.environ, **installation.environment},
        stdout=subprocess.DEVNULL,
        cwd=installation.folder,
    )
    most = 0.0
    while running.poll() is None:
        most = max(most, _most_so_far(running.pid))
        time.sleep(LOOKS_EVERY_SECONDS)
    assert running.returncode == 0, words
    return Run(time.monotonic() - began, most)


def _most_so_far(pid: int) -> float:
    """Megabytes. What the kernel tells at the end counts the parent's too, from before the exec."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    found = (int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return next(found, 0) / KILOBYTES_IN_MEGABYTE


def _figures(of: str, least: Run, first: Run, again: Run) -> Iterator[Figure]:
    name = "sync with a directory"
    yield figure(f"{name}, first run, {of}", first.seconds, "s")
    beside = "beside the first run"
    yield figure(f"{name}, nothing new, {of}, {beside}", again.seconds, "s", first.seconds)
    beside = "beside a command that lists nobody"
    for which, run in (("first run", first), ("nothing new", again)):
        name = f"memory of a sync (RSS), {which}, {of}, {beside}"
        yield figure(name, run.megabytes, "MB", least.megabytes)
