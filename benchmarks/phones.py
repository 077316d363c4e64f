"""The phones and Twilio between them and us: texts webhooks, takes the answers, and times both.

It runs in a process of its own, in one event loop, so that a text and its answer are timed by
the same clock and the load costs the processor as little as can be.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Generic, Protocol, TypeVar

from benchmarks.apart import apart
from benchmarks.people import Text
from benchmarks.twilio import Twilio
from benchmarks.wire import Line

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)

ANSWER_SECONDS = 30.0


class Task(Protocol[Result_co]):
    """Something that the phones can be told to do."""

    async def run(self, twilio: Twilio, /) -> Result_co: ...


@dataclass(frozen=True)
class Accepted:
    """What became of some texts. The seconds that each took hold the wait for a free line."""

    took: list[float]
    turned_away: int
    """Answered with something else than 200: the database was too busy, so try again."""
    seconds: float

    @property
    def per_second(self) -> float:
        return (len(self.took) - self.turned_away) / self.seconds


@dataclass(frozen=True)
class Rush:
    """Every line sends its next text as soon as the last one is answered, for so long."""

    port: int
    texts: list[Text] = field(repr=False)
    lines: int
    seconds: float

    async def run(self, _twilio: Twilio) -> Accepted:
        tally, waiting = Tally(self.port), iter(self.texts)
        until = time.monotonic() + self.seconds
        await asyncio.gather(*(self._rush(tally, waiting, until) for _ in range(self.lines)))
        return tally.accepted()

    async def _rush(self, tally: Tally, waiting: Iterator[Text], until: float) -> None:
        while time.monotonic() < until and (text := next(waiting, None)):
            await tally.post(text)


@dataclass(frozen=True)
class Steady:
    """Texts come at a steady rate, whether or not those before them are answered yet."""

    port: int
    texts: list[Text] = field(repr=False)
    lines: int
    per_second: float

    async def run(self, _twilio: Twilio) -> Accepted:
        tally, under_way = Tally(self.port, self.lines), []
        for number, text in enumerate(self.texts):
            due = tally.started + number / self.per_second
            await asyncio.sleep(due - time.monotonic())
            under_way.append(asyncio.create_task(tally.post(text)))
        await asyncio.gather(*under_way)
        return tally.accepted()


class Tally:
    """Kept lines to one port, and what became of each text that was sent over one of them."""

    def __init__(self, port: int, lines: int = 0) -> None:
        self.started = time.monotonic()
        ...


@dataclass(frozen=True)
class Answered:
    """How long each text waited for its answer to reach Twilio, and how many came a second."""

    seconds: list[float]
    per_second: float


@dataclass(frozen=True)
class Conversation:
    """So many texts are kept under way, from the webhook to the answer's arrival at Twilio."""

    port: int
    texts: list[Text] = field(repr=False)
    under_way: int
    pause_seconds: float = 0.0
    """Between an answer and the next text: then each text meets an installation at rest."""

    async def run(self, twilio: Twilio) -> Answered:
        waiting, started = iter(self.texts), time.monotonic()
        speakers = (self._speak(twilio, waiting) for _ in range(self.under_way))
        taken = [each for some in await asyncio.gather(*speakers) for each in some]
        return Answered(taken, len(taken) / (time.monotonic() - started))

    async def _speak(self, twilio: Twilio, waiting: Iterator[Text]) -> list[float]:
        line, taken = Line(self.port), []
        for text in waiting:
            answer = twilio.expect(text.number)
            sent = time.monotonic()
            await line.post(text.request)
            taken.append(await asyncio.wait_for(answer, ANSWER_SECONDS) - sent)
            await asyncio.sleep(self.pause_seconds)
        line.hang_up()
        return taken


@dataclass(frozen=True)
class Phones:
    """Our end: tells the phones what to do and waits until it is done."""

    twilio_url: str
    _pipe: Connection

    def do(self, task: Task[Result]) -> Result:
        """Raises what went wrong there."""
        self._pipe.send(task)
        outcome: Outcome[Result] = self._pipe.recv()
        return outcome.get()


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    result: Result | None = None
    error: BaseException | None = None

    def get(self) -> Result:
        if self.error:
            raise self.error
        return self.result  # type: ignore[return-value]  # one of the two is there


@contextmanager
def phones() -> Iterator[Phones]:
    with apart(_serve) as pipe:
        yield Phones(pipe.recv(), pipe)


def _serve(pipe: Connection) -> None:
    asyncio.run(_obey(pipe))


async def _obey(pipe: Connection) -> None:
    twilio = Twilio()
    pipe.send(await twilio.open())
    while True:
        try:
            task = await asyncio.to_thread(pipe.recv)
        except EOFError:
            return
        try:
            pipe.send(Outcome(await task.run(twilio)))
        except Exception as error:  # noqa: BLE001  (whatever it is, it is told to who asked)
            pipe.send(Outcome(error=error))
