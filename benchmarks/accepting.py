"""Part (a): the door alone on each database, and the pace of the whole house behind it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import accepts, empty_view
from benchmarks.accepts import LINES, Accepts, Door
from benchmarks.bench import Bench
from benchmarks.directories import Staffed
from benchmarks.figures import Figure, figure, percentile
from benchmarks.installation import Measured
from benchmarks.loads import Flood
from benchmarks.people import resets
from benchmarks.processor import LOAD, parts_of
from benchmarks.progress import say
from benchmarks.rounds import USUAL_WORKERS, Stage
from tests.installation import wait_for


def measure(bench: Bench) -> Iterator[Figure]:
    empty = _empty_view(bench)
    yield accepts.load_share(empty)
    with bench.simulated() as directory:
        for database in bench.databases():
            with bench.running(database, directory, bench.others) as installation:
                yield from _on(bench, installation, directory, database, empty)


def _empty_view(bench: Bench) -> Accepts:
    say("accepting: an empty Flask view under the same gunicorn")
    with empty_view.serving(bench.room()) as (process, port, _):
        pid = process.running.pid if process.running else 0
        parts = {"web": [pid], LOAD: [bench.phones.pid]}
        door = Door(bench.phones, f"http://127.0.0.1:{port}", parts, bench.sizes)
        door.warm_up(bench.others)
        return Accepts(door.steady(bench.others), *door.rush(bench.others))


def _on(
    bench: Bench, installation: Measured, directory: Staffed, where: str, empty: Accepts
) -> Iterator[Figure]:
    say(f"accepting: {where}, workers stopped")
    yield from accepts.figures(where, _door_alone(bench, installation), empty, bench.sizes)
    installation.start_clock()
    stage = Stage(bench.phones, installation, directory, bench.sizes, where)
    installation.start_workers_until(USUAL_WORKERS)
    stage.warm_up()
    say(f"accepting: {where}, workers running")
    yield from _whole_house(bench, installation, directory, where)


def _door_alone(bench: Bench, installation: Measured) -> Accepts:
    """Everybody texts once in each round; in between, what they asked for is ended."""
    parts = parts_of(installation, bench.phones)
    door = Door(bench.phones, installation.url, parts, bench.sizes)
    door.warm_up(bench.others)
    installation.let_everybody_ask_again()
    steady = door.steady(bench.others)
    installation.let_everybody_ask_again()
    rush, spent = door.rush(bench.others)
    installation.let_everybody_ask_again()
    return Accepts(steady, rush, spent)


def _whole_house(
    bench: Bench, installation: Measured, directory: Staffed, where: str
) -> Iterator[Figure]:
    wait_for(installation.is_at_rest)
    texts = resets(directory.people, installation.url)
    flooded = bench.phones.do(Flood(installation.public_port, texts, LINES))
    busy = f"while {USUAL_WORKERS} workers carry them out, {directory.name} and {where}"
    yield figure(f"texts accepted per second {busy}", flooded.accepted.per_second, "1/s")
    took = percentile(flooded.accepted.took, 99) * 1000
    yield figure(f"accepting as fast as it goes, p99, {busy}", took, "ms")
    name = f"answers per second behind them, {directory.name} and {where}"
    yield figure(
        f"{name}, beside the texts accepted",
        flooded.answered_per_second,
        "1/s",
        flooded.accepted.per_second,
    )
