"""Parts (b) and (c): resets per second and the latency added, on each directory and database."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import POSTGRESQL, SQLITE, Bench
from benchmarks.directories import Staffed, on_samba, why_no_samba
from benchmarks.figures import Figure
from benchmarks.progress import say
from benchmarks.rounds import USUAL_WORKERS, Stage


def where_the_time_goes(bench: Bench) -> Iterator[Figure]:
    """By part of the world, on a simulated directory and with the usual number of workers."""
    with bench.simulated() as directory:
        yield from _spent(bench, directory, POSTGRESQL if bench.postgresql else SQLITE)


def on_the_simulator(bench: Bench) -> Iterator[Figure]:
    with bench.simulated() as directory:
        for database in bench.databases():
            yield from _measured(bench, directory, database)


def on_a_real_directory(bench: Bench) -> Iterator[Figure]:
    reason = "left to the full run" if not bench.sizes.every_database else why_no_samba()
    if reason:
        bench.left_out["Samba"] = reason
        return
    say("starting Samba and hiring people")
    with on_samba(bench.staff[: bench.sizes.staff_of_samba]) as directory:
        database = POSTGRESQL if bench.postgresql else SQLITE
        yield from _measured(bench, directory, database, with_core_time=True)


def _measured(
    bench: Bench, directory: Staffed, database: str, *, with_core_time: bool = False
) -> Iterator[Figure]:
    with bench.running(database, directory, []) as installation:
        installation.start_clock()
        where = f"{directory.name} and {database}"
        stage = Stage(bench.phones, installation, directory, bench.sizes, where)
        yield from stage.measure(with_core_time=with_core_time)


def _spent(bench: Bench, directory: Staffed, database: str) -> Iterator[Figure]:
    with bench.running(database, directory, []) as installation:
        installation.start_clock()
        where = f"{directory.name} and {database}"
        stage = Stage(bench.phones, installation, directory, bench.sizes, where)
        stage.warm_up()
        pace = stage.pace(USUAL_WORKERS)
        yield from stage.spent(pace)
