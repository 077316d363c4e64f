"""How fast texts are accepted: proved, kept, committed and rung for, before Twilio gets its 200."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Figure, figure, percentile
from benchmarks.loads import Accepted, Rush, Steady
from benchmarks.people import Person, resets
from benchmarks.phones import Phones
from benchmarks.processor import LOAD, Meter, Spent
from benchmarks.sizes import Sizes

LINES: Final = 16
"""As many as the web process has threads by default."""

BESIDE: Final = "beside an empty Flask view"


@dataclass(frozen=True, slots=True)
class Accepts:
    """What one web process did at a steady rate, and as fast as it could."""

    steady: Accepted
    rush: Accepted
    spent: Spent
    """In the rush."""

    def milliseconds(self, part: str) -> float:
        """Of one core, for each text of the rush."""
        return self.spent.seconds[part] / len(self.rush.took) * 1000


@dataclass(frozen=True, slots=True)
class Door:
    """A web process; no worker runs, so what is measured is the door alone."""

    phones: Phones
    base_url: str
    parts: Mapping[str, Sequence[int]]
    sizes: Sizes

    @property
    def port(self) -> int:
        return int(self.base_url.rpartition(":")[2])

    def warm_up(self, people: Sequence[Person]) -> None:
        self._rush(people[: self.sizes.warm])

    def steady(self, people: Sequence[Person]) -> Accepted:
        texts = resets(people[: self.sizes.steady], self.base_url)
        return self.phones.do(Steady(self.port, texts, LINES, self.sizes.per_second))

    def rush(self, people: Sequence[Person]) -> tuple[Accepted, Spent]:
        meter = Meter(self.parts)
        accepted = self._rush(people[: self.sizes.rush])
        return accepted, meter.read()

    def _rush(self, people: Sequence[Person]) -> Accepted:
        texts = resets(people, self.base_url)
        return self.phones.do(Rush(self.port, texts, LINES, self.sizes.rush_seconds))


def figures(where: str, ours: Accepts, empty: Accepts, sizes: Sizes) -> Iterator[Figure]:
    name = f"texts accepted per second, workers stopped, {where}, {BESIDE}"
    yield figure(name, ours.rush.per_second, "1/s", empty.rush.per_second)
    turned_away = ours.rush.turned_away + ours.steady.turned_away
    yield figure(f"texts turned away meanwhile, {where}", turned_away, "texts")
    for percent, word in ((50, "median"), (99, "p99")):
        name = f"accepting at {sizes.per_second}/s, {word}, workers stopped, {where}, {BESIDE}"
        both = (percentile(each.steady.took, percent) * 1000 for each in (ours, empty))
        yield figure(name, next(both), "ms", next(both))
    for part in ours.spent.seconds:
        name = f"core time for an accepted text, {part.partition(' and ')[0]}, {where}"
        beside = empty.milliseconds(part) if part in empty.spent.seconds else None
        label = f"{name}, {BESIDE}" if beside is not None else name
        yield figure(label, ours.milliseconds(part), "ms", beside)


def load_share(empty: Accepts) -> Figure:
    """The load generator must not be the limit: what it takes stands beside the least server."""
    name = "core time for a text, load generator, beside the empty Flask view's own"
    return figure(name, empty.milliseconds(LOAD), "ms", empty.milliseconds("web"))
