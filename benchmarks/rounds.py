"""Resets from the webhook to the answer's arrival at Twilio: how many a second, and how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks import bare
from benchmarks.bare import Bare
from benchmarks.directories import Staffed
from benchmarks.figures import Figure, figure, percentile
from benchmarks.installation import Measured
from benchmarks.loads import Answered, Conversation, SteadyConversation
from benchmarks.people import Person, resets
from benchmarks.phones import Load, Phones
from benchmarks.processor import Meter, Spent, parts_of
from benchmarks.progress import say
from benchmarks.sizes import Sizes
from tests.installation import wait_for

UNDER_WAY_FOR_A_WORKER: Final = 6
LINES: Final = 16
USUAL_WORKERS: Final = 2
"""As many as there are by default."""
PAUSE_SECONDS: Final = 0.04
AT_MOST_SECONDS: Final = 12.0
SHARE_OF_BARE: Final = 0.5
"""A steady rate is at most this share of what the bare loop reaches on the same directory."""


@dataclass(frozen=True, slots=True)
class Pace:
    """So many workers, and as many bare loops before and after them."""

    workers: int
    answered: Answered
    spent: Spent
    bare: Bare
    spent_bare: Spent


@dataclass(frozen=True, slots=True)
class Stage:
    """An installation whose web process and clock run, and the phones of its directory's people."""

    phones: Phones
    installation: Measured
    directory: Staffed
    sizes: Sizes
    where: str

    def measure(self, *, with_core_time: bool = False) -> Iterator[Figure]:
        """How long one takes is measured with two workers, as many as there are by default."""
        self.warm_up()
        for count in self.sizes.workers:
            pace = self.pace(count)
            yield self._per_second(pace)
            if count == USUAL_WORKERS:
                yield from self.spent(pace) if with_core_time else ()
                yield from self._latencies()

    def warm_up(self) -> None:
        """Everybody has texted once before, so that the ids of all accounts are known."""
        self._say("everybody's first text")
        self.installation.start_workers_until(1)
        self._all_text(self.directory.people, 1)

    def pace(self, workers: int) -> Pace:
        self._say(f"{_workers(workers)}, and as many bare ldap3 loops before and after")
        self.installation.start_workers_until(workers)
        people = self.directory.people
        self._all_text(people[: self.sizes.warm], workers)
        dns = [self.directory.dn(person) for person in people]
        with bare.loops(self.directory, workers) as loops:
            loops.run(dns[: 2 * workers])
            parts = {f"directory ({self.directory.name})": [self.directory.pid]}
            meter = Meter({**parts, "bare loops": loops.pids})
            before = loops.run(dns[::2])
            spent_bare = meter.read()
            answered, spent = self._all_text(people, workers)
            wait_for(self.installation.is_at_rest)
            return Pace(workers, answered, spent, before + loops.run(dns[1::2]), spent_bare)

    def spent(self, pace: Pace) -> Iterator[Figure]:
        """Where the time goes, and where it goes without us."""
        where = f"{_workers(pace.workers)}, {self.where}"
        yield from pace.spent.figures("reset", where, len(pace.answered.took))
        count = len(self.directory.people[::2])
        yield from pace.spent_bare.figures("bare modify", where, count)

    def _per_second(self, pace: Pace) -> Figure:
        name = f"resets per second, {_workers(pace.workers)}, {self.where}"
        loops = "a bare ldap3 loop" if pace.workers == 1 else f"{pace.workers} bare ldap3 loops"
        return figure(
            f"{name}, beside {loops}", pace.answered.per_second, "1/s", pace.bare.per_second
        )

    def _latencies(self) -> Iterator[Figure]:
        """The directory's own time is that of one bare loop alone, before and after."""
        self._say("one text at a time, and one bare ldap3 loop")
        dns = [self.directory.dn(person) for person in self.directory.people]
        with bare.loops(self.directory, 1) as loop:
            loop.run(dns[:2])
            before = loop.run(dns[::2])
            people = self.directory.people[: self.sizes.idle]
            idle = self._converse(people, under_way=1, pause_seconds=PAUSE_SECONDS)
            wait_for(self.installation.is_at_rest)
            alone = before + loop.run(dns[1::2])
        own = median(alone.took)
        yield from _added("idle", self.where, idle, own)
        rate = min(self.sizes.resets_per_second, round(alone.per_second * SHARE_OF_BARE, 1))
        yield from _added(f"at {rate:g}/s", self.where, self._steady(rate), own)

    def _steady(self, per_second: float) -> Answered:
        self._say(f"{per_second:g} texts a second")
        texts = resets(self.directory.people, self.installation.url)
        return self._do(SteadyConversation(self.installation.public_port, texts, LINES, per_second))

    def _all_text(self, people: Sequence[Person], workers: int) -> tuple[Answered, Spent]:
        """As many under way as keep the workers busy."""
        meter = Meter(parts_of(self.installation, self.phones, self.directory))
        answered = self._converse(people, under_way=UNDER_WAY_FOR_A_WORKER * max(2, workers))
        return answered, meter.read()

    def _converse(
        self, people: Sequence[Person], under_way: int, pause_seconds: float = 0.0
    ) -> Answered:
        texts, port = resets(people, self.installation.url), self.installation.public_port
        return self._do(Conversation(port, texts, under_way, AT_MOST_SECONDS, pause_seconds))

    def _do(self, load: Load[Answered]) -> Answered:
        """Nothing is left under way afterwards."""
        wait_for(self.installation.is_at_rest)
        return self.phones.do(load)

    def _say(self, what: str) -> None:
        say(f"resets on {self.where}: {what}")


def _workers(count: int) -> str:
    return f"{count} worker{'s' if count > 1 else ''}"


def _added(when: str, where: str, answered: Answered, own: float) -> Iterator[Figure]:
    """What is more than the directory's own time, which is that of the bare modify."""
    for percent, word in ((50, "median"), (95, "p95"), (99, "p99")):
        added = (percentile(answered.took, percent) - own) * 1000
        name = f"added latency, {word}, {when}, {where}, beside the bare modify"
        yield figure(name, added, "ms", own * 1000)
