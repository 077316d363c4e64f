"""Part (d): the sender's look-up, and accepting, with a thousand, and with a million people."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from benchmarks import crowd
from benchmarks.accepts import Door
from benchmarks.bench import Bench
from benchmarks.directories import Staffed
from benchmarks.figures import Figure, figure
from benchmarks.installation import Measured
from benchmarks.people import Person
from benchmarks.progress import say
from gateway.records.database import Database
from gateway.records.people import senders

ROUNDS: Final = 3
TEXTERS: Final = 250


@dataclass
class Town:
    """An installation with so many people, and what was measured there."""

    people: int
    crowd: int
    """Those of them who were enrolled in bulk; anybody's number may be looked up."""
    installation: Measured
    look_ups: list[float] = field(default_factory=list)
    per_second: list[float] = field(default_factory=list)


def measure(bench: Bench) -> Iterator[Figure]:
    with bench.simulated() as directory:
        for database in bench.databases():
            with ExitStack() as stack:
                towns = [
                    _town(bench, database, directory, size, stack) for size in bench.sizes.enrolled
                ]
                _in_turns(bench, database, towns)
            yield from _figures(database, towns)


def _town(bench: Bench, database: str, directory: Staffed, people: int, stack: ExitStack) -> Town:
    nobody = Staffed(directory.name, directory.settings, [], directory.pid)
    texters = _texters(bench)
    installation = stack.enter_context(bench.running(database, nobody, texters))
    say(f"scale: enrolling {people} people on {database}")
    more = people - len(texters)
    crowd.gather(installation.database_url, more)
    return Town(people, more, installation)


def _texters(bench: Bench) -> list[Person]:
    return bench.others[: min(TEXTERS, bench.sizes.rush)]


def _in_turns(bench: Bench, database: str, towns: Sequence[Town]) -> None:
    """What the machine does meanwhile so meets all of them alike."""
    say(f"scale: looking up and accepting on {database}")
    for round_ in range(ROUNDS + 1):
        for town in towns:
            look_ups = _look_up(town, bench.sizes.look_ups // ROUNDS)
            accepted = _accept(bench, town)
            if round_:  # the first is to warm up
                town.look_ups += look_ups
                town.per_second.append(accepted)


def _look_up(town: Town, count: int) -> list[float]:
    """The seconds that each took. Everybody is as likely to text as everybody else."""
    numbers = random.choices(range(1, town.crowd + 1), k=count)  # noqa: S311
    database = Database(town.installation.database_url)
    with database.reading() as session:
        took = []
        for index in map(crowd.index_of, numbers):
            began = time.perf_counter()
            found = senders(session, [index])
            took.append(time.perf_counter() - began)
            assert len(found) == 1
    database.close()
    return took


def _accept(bench: Bench, town: Town) -> float:
    door = Door(bench.phones, town.installation.url, {}, bench.sizes)
    accepted, _ = door.rush(_texters(bench))
    assert not accepted.turned_away
    town.installation.let_everybody_ask_again()
    return accepted.per_second


def _figures(database: str, towns: Sequence[Town]) -> Iterator[Figure]:
    least = towns[0]
    for town in towns:
        beside = f"{town.people:,} people enrolled, {database}, beside {least.people:,}"
        both = (median(each.look_ups) * 1000 for each in (town, least))
        yield figure(f"look-up of a sender, median, {beside}", next(both), "ms", next(both))
        both = (median(each.per_second) for each in (town, least))
        name = f"texts accepted per second, workers stopped, {beside}"
        yield figure(name, next(both), "1/s", next(both))
