"""Resets from the webhook to the answer's arrival at Twilio: how many a second, and how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks import bare
from benchmarks.directories import Staffed
from benchmarks.figures import Figure, figure, percentile
from benchmarks.installation import Measured
from benchmarks.loads import Answered, Conversation
from benchmarks.people import Person, resets
from benchmarks.phones import Phones
from benchmarks.progress import say
from tests.installation import wait_for

UNDER_WAY: Final = 12
PAUSE_SECONDS: Final = 0.04
AT_MOST_SECONDS: Final = 12.0
WARM: Final = 10


@dataclass(frozen=True, slots=True)
class Rounds:
    """What one installation did, and the bare modify on the same directory."""

    bare: Sequence[float]
    one_worker: Answered
    two_workers: Answered
    idle: Answered


@dataclass(frozen=True, slots=True)
class Stage:
    """An installation whose web process runs, and the phones of the people in its directory."""

    phones: Phones
    installation: Measured
    directory: Staffed
    where: str

    def measure(self) -> Rounds:
        """Everybody has texted once before, so that the ids of all accounts are known."""
        self._say("everybody's first text")
        self.installation.start_worker()
        self._round(self.directory.people)
        self._say("1 worker")
        one = self._round(self.directory.people)
        self._say("2 workers")
        self.installation.start_worker()
        self._round(self.directory.people[:WARM])
        two = self._round(self.directory.people)
        self._say("the bare ldap3 loop, and one text at a time")
        alone = bare.modify_everybody(self.directory)
        return Rounds(alone, one, two, self._round(self.directory.people, idle=True))

    def _say(self, what: str) -> None:
        say(f"resets on {self.where}: {what}")

    def _round(self, people: Sequence[Person], *, idle: bool = False) -> Answered:
        """Everybody texts once, and nothing is left under way afterwards."""
        texts = resets(people, self.installation.url)
        under_way, pause = (1, PAUSE_SECONDS) if idle else (UNDER_WAY, 0.0)
        port = self.installation.public_port
        answered = self.phones.do(Conversation(port, texts, under_way, AT_MOST_SECONDS, pause))
        wait_for(self.installation.is_at_rest)
        return answered


def figures(where: str, rounds: Rounds) -> Iterator[Figure]:
    loop = len(rounds.bare) / sum(rounds.bare)
    beside = "beside a bare ldap3 loop"
    for name, answered in (("1 worker", rounds.one_worker), ("2 workers", rounds.two_workers)):
        yield figure(
            f"resets per second, {name}, {where}, {beside}", answered.per_second, "1/s", loop
        )
    own = median(rounds.bare) * 1000
    for percent, word in ((50, "median"), (95, "p95"), (99, "p99")):
        added = percentile(rounds.idle.took, percent) * 1000 - own
        yield figure(f"added latency, {word}, {where}, beside the bare modify", added, "ms", own)
