"""How fast texts are accepted: proved, kept, committed and rung for, before Twilio gets its 200."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Figure, figure, percentile
from benchmarks.loads import Accepted, Rush, Steady
from benchmarks.people import Person, resets
from benchmarks.phones import Phones
from benchmarks.sizes import Sizes

LINES: Final = 16
"""As many as the web process has threads by default."""

BESIDE: Final = "beside an empty Flask view"


@dataclass(frozen=True, slots=True)
class Accepts:
    """What one web process did at a steady rate, and as fast as it could."""

    steady: Accepted
    rush: Accepted


def measure(phones: Phones, base_url: str, people: Sequence[Person], sizes: Sizes) -> Accepts:
    """Each text comes from somebody who has no request under way, so that each opens one."""
    port, texts = int(base_url.rpartition(":")[2]), resets(people, base_url)
    warm, rest = texts[: sizes.warm], texts[sizes.warm :]
    phones.do(Rush(port, warm, LINES, sizes.rush_seconds))
    steady = phones.do(Steady(port, rest[: sizes.steady], LINES, sizes.per_second))
    return Accepts(steady, phones.do(Rush(port, rest[sizes.steady :], LINES, sizes.rush_seconds)))


def figures(where: str, ours: Accepts, empty: Accepts, sizes: Sizes) -> Iterator[Figure]:
    name = f"texts accepted per second, {where}, {BESIDE}"
    yield figure(name, ours.rush.per_second, "1/s", empty.rush.per_second)
    yield figure(f"texts turned away meanwhile, {where}", ours.rush.turned_away, "texts")
    for percent, word in ((50, "median"), (99, "p99")):
        name = f"accepting at {sizes.per_second}/s, {word}, {where}, {BESIDE}"
        both = (percentile(each.steady.took, percent) * 1000 for each in (ours, empty))
        yield figure(name, next(both), "ms", next(both))
