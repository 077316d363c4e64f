"""How fast texts are accepted: proved, kept, committed and rung for, before Twilio gets its 200."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.figures import Figure, figure, percentile
from benchmarks.people import Person, resets
from benchmarks.phones import Phones, Rush, Steady
from benchmarks.sizes import Sizes

CONNECTIONS = 16
"""As many as the web process has threads by default."""

BESIDE = "beside an empty Flask view"


@dataclass(frozen=True, slots=True)
class Accepts:
    """What one web process did. Seconds each, at a steady rate."""

    per_second: float
    steady: Sequence[float]


def measure(phones: Phones, base_url: str, people: Sequence[Person], sizes: Sizes) -> Accepts:
    """Each text comes from somebody who has no request under way, so that each opens one."""
    port = int(base_url.rpartition(":")[2])
    texts = iter(resets(people, base_url))
    warm, steady = ([next(texts) for _ in range(count)] for count in (sizes.warm, sizes.steady))
    phones.do(Rush(port, warm, CONNECTIONS, sizes.rush_seconds))
    taken = phones.do(Steady(port, steady, CONNECTIONS, sizes.steady_per_second))
    return Accepts(phones.do(Rush(port, list(texts), CONNECTIONS, sizes.rush_seconds)), taken)


def figures(where: str, ours: Accepts, empty: Accepts, sizes: Sizes) -> Iterator[Figure]:
    name = f"texts accepted per second, {where}, {BESIDE}"
    yield figure(name, ours.per_second, "1/s", empty.per_second)
    for percent, word in ((50, "median"), (99, "p99")):
        name = f"accepting at {sizes.steady_per_second}/s, {word}, {where}, {BESIDE}"
        ours_ms, empty_ms = (percentile(each.steady, percent) * 1000 for each in (ours, empty))
        yield figure(name, ours_ms, "ms", empty_ms)
