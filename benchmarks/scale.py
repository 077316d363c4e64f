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
TEXTERS: Final = 500
LOOK_UPS_IN_TURN: Final = 50
WARM_TURNS: Final = 6


@dataclass
class Town:
    """An installation with so many people, and what was measured there."""

    people: int
    crowd: int
    """Those of them who were enrolled in bulk; anybody's number may be looked up."""
    installation: Measured
    database: Database
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
    database_of_ours = Database(installation.database_url)
    stack.callback(database_of_ours.close)
    return Town(people, more, installation, database_of_ours)


def _texters(bench: Bench) -> list[Person]:
    return bench.others[: min(TEXTERS, bench.sizes.rush)]


def _in_turns(bench: Bench, database: str, towns: list[Town]) -> None:
    """What the machine does meanwhile so meets all of them alike."""
    say(f"scale: looking up and accepting on {database}")
    for town in towns * WARM_TURNS:
        _look_up(town, LOOK_UPS_IN_TURN)
    for town in _turns(towns, bench.sizes.look_ups // LOOK_UPS_IN_TURN):
        town.look_ups += _look_up(town, LOOK_UPS_IN_TURN)
    for town in towns:
        _accept(bench, town)
    for town in _turns(towns, ROUNDS):
        town.per_second.append(_accept(bench, town))


def _turns(towns: Sequence[Town], rounds: int) -> Iterator[Town]:
    """To and fro, so that nobody always comes first."""
    for round_ in range(rounds):
        yield from towns if round_ % 2 else reversed(towns)


def _look_up(town: Town, count: int) -> list[float]:
    """The seconds that each took. Everybody is as likely to text as everybody else."""
    numbers = random.choices(range(1, town.crowd + 1), k=count)  # noqa: S311
    with town.database.reading() as session:
        took = []
        for index in map(crowd.index_of, numbers):
            began = time.perf_counter()
            found = senders(session, [index])
            took.append(time.perf_counter() - began)
            assert len(found) == 1
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
        both = (median(each.look_ups) * 1e6 for each in (town, least))
        yield figure(f"look-up of a sender, median, {beside}", next(both), "µs", next(both))
        both = (median(each.per_second) for each in (town, least))
        name = f"texts accepted per second, workers stopped, {beside}"
        yield figure(name, next(both), "1/s", next(both))
