"""The order of things: part by part, each with installations of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import accepting, processes, resets, scale, syncing
from benchmarks.bench import Bench
from benchmarks.figures import Figure, table
from benchmarks.phones import phones
from benchmarks.sizes import Sizes

PARTS: Final[dict[str, Callable[[Bench], Iterator[Figure]]]] = {
    "time": resets.where_the_time_goes,
    "accepting": accepting.measure,
    "resets": resets.on_the_simulator,
    "samba": resets.on_a_real_directory,
    "scale": scale.measure,
    "sync": syncing.measure,
    "processes": processes.measure,
}


@dataclass(frozen=True, slots=True)
class Report:
    """The figures, in the order in which they were measured."""

    figures: Sequence[Figure]
    left_out: Sequence[str]


def measure(folder: Path, sizes: Sizes, parts: Sequence[str]) -> Report:
    """Each part's table is printed as soon as it is there."""
    with ExitStack() as stack:
        bench = Bench(folder, sizes, stack.enter_context(phones()), stack)
        figures = [each for part in parts for each in _measured(bench, part)]
    return Report(figures, [f"{what} ({why})" for what, why in bench.left_out.items()])


def _measured(bench: Bench, part: str) -> list[Figure]:
    figures = list(PARTS[part](bench))
    if figures:
        print(f"{table(figures)}\n", flush=True)
    return figures
