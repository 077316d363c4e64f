"""Part (e): what each command takes in memory, and how long until it is ready."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import empty_view, footprint
from benchmarks.accepts import Door
from benchmarks.bench import SQLITE, Bench
from benchmarks.figures import Figure
from benchmarks.footprint import Footprint
from benchmarks.progress import say
from benchmarks.rounds import Stage


def measure(bench: Bench) -> Iterator[Figure]:
    empty = _empty_view(bench)
    with (
        bench.simulated() as directory,
        bench.running(SQLITE, directory, []) as installation,
    ):
        installation.start_clock()
        Stage(bench.phones, installation, directory, bench.sizes, SQLITE).warm_up()
        yield from footprint.figures(installation, empty)


def _empty_view(bench: Bench) -> Footprint:
    say("the size of an empty Flask view under the same gunicorn")
    with empty_view.serving(bench.room()) as (process, port, seconds):
        Door(bench.phones, f"http://127.0.0.1:{port}", {}, bench.sizes).warm_up(bench.others)
        return footprint.measure(process, seconds)
