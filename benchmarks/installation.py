"""The installation that is measured: web, workers and clock, as the Procfile has them run."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from sqlalchemy import func, select, update

from benchmarks.directories import Staffed
from benchmarks.people import Person
from gateway.cli import resetline
from gateway.records import Request
from gateway.records.requests import ALIVE, RequestState
from simulator.twilio import Account
from tests.installation import ACCOUNT_SID, AUTH_TOKEN, Installation, Process
from tests.installation import RememberingCarrier as UnusedCarrier
from tests.redis_server import running

START_SECONDS = 30.0


MANY = str(10**6)
"""No limit is to be what is measured."""


@dataclass
class Measured(Installation):
    """Like the tests' installation, with the web process and the workers as they are by default."""

    ready_after: dict[str, float] = field(default_factory=dict)
    """The seconds that each took to start."""

    def __post_init__(self) -> None:
        self.web = self._process("web", "web", "--port", str(self.public_port))
        self.workers = [
            self._process("worker", "worker", "--queue", "interactive") for _ in range(4)
        ]
        self.clock = self._process("clock", "clock")
        self.processes = [self.web, *self.workers, self.clock]

    @property
    def environment(self) -> dict[str, str]:
        no_end = {"TEXTS_PER_MINUTE": MANY, "CHANGES_PER_HOUR": MANY, "ANSWERS_PER_DAY": MANY}
        return {**super().environment, "LOG_LEVEL": "INFO", **no_end}

    def resetline(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The command line in this process: a start of Python for each command takes a second."""
        with chdir(self.folder):
            done = CliRunner().invoke(resetline, arguments, env=self.environment)
        assert not check or done.exit_code == 0, done.output
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    def enrol(self, people: Sequence[Person]) -> None:
        self.set_up({person.username: person.number for person in people})

    def start_web(self) -> None:
        self.ready_after["web"] = started(self.web, self.is_ready)

    def start_worker(self) -> None:
        """One more of the processes that `resetline worker` looks after. Ready when it listens."""
        already = sum(worker.running is not None for worker in self.workers)
        with self.redis.client() as redis:
            self.ready_after["worker"] = started(
                self.workers[already], lambda: redis.scard("rq:workers") > already
            )

    def start_workers_until(self, count: int) -> None:
        while sum(worker.running is not None for worker in self.workers) < count:
            self.start_worker()

    def start_clock(self) -> None:
        self.ready_after["clock"] = started(
            self.clock, lambda: "clock.started" in self.clock.log.read_text()
        )

    def is_at_rest(self) -> bool:
        """Everybody may ask again: nobody's request is alive any more."""
        alive: Any = select(func.count()).where(Request.state.in_(ALIVE))
        with self._database.reading() as session:
            return not session.scalar(alive)

    def let_everybody_ask_again(self) -> None:
        """End what nobody carries out while the workers are stopped, and its rings."""
        ended = {"state": RequestState.STALE, "ring_at": None}
        with self._database.transaction() as session:
            session.execute(update(Request).where(Request.state.in_(ALIVE)).values(ended))
        with self.redis.client() as redis:
            redis.flushdb()


def started(process: Process, is_ready: Callable[[], object]) -> float:
    """Start it and ask until it is ready: the seconds that this took."""
    began = time.monotonic()
    process.start()
    while not is_ready():
        assert process.running, process.name
        assert process.running.poll() is None, process.log.read_text()
        assert time.monotonic() - began < START_SECONDS, process.log.read_text()
        time.sleep(0.005)
    return time.monotonic() - began


@contextmanager
def installed(
    folder: Path, database_url: str, directory: Staffed, twilio_url: str
) -> Iterator[Measured]:
    """With a Redis of its own; not set up or started yet, and ended in any case."""
    with ExitStack() as stack:
        redis = stack.enter_context(running())
        carrier = UnusedCarrier(Account(ACCOUNT_SID, AUTH_TOKEN))
        stack.callback(carrier.close)
        installation = Measured(
            folder, database_url, redis, carrier, twilio_url, directory.settings
        )
        stack.callback(installation.stop)
        yield installation
