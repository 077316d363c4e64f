"""What the phones can be told to do: text as fast as they can, at a steady rate, or in turns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from benchmarks.people import Text
from benchmarks.twilio import Twilio
from benchmarks.wire import Lines

ANSWER_SECONDS: Final = 60.0
AGAIN_SECONDS: Final = 0.1
Result = TypeVar("Result")


@dataclass
class Accepted:
    """What became of some texts at our door."""

    started: float = field(default_factory=time.monotonic)
    took: list[float] = field(default_factory=list)
    """The seconds that each took, the wait for a free line included."""
    turned_away: int = 0
    """Answered with something else than 200: it should be tried again later."""
    per_second: float = 0.0

    async def send(self, lines: Lines, text: Text) -> bool:
        started = time.monotonic()
        accepted = await lines.post(text.request)
        self.turned_away += not accepted
        self.took.append(time.monotonic() - started)
        return accepted

    def end(self) -> Accepted:
        accepted = len(self.took) - self.turned_away
        self.per_second = accepted / (time.monotonic() - self.started)
        return self


@dataclass(frozen=True)
class Rush:
    """On each line the next text follows as soon as the last one is answered, for so long."""

    port: int
    texts: list[Text] = field(repr=False)
    lines: int
    seconds: float

    async def run(self, _twilio: Twilio) -> Accepted:
        lines, waiting, accepted = Lines(self.port, self.lines), iter(self.texts), Accepted()
        await asyncio.gather(*(self._rush(lines, waiting, accepted) for _ in range(self.lines)))
        lines.hang_up()
        return accepted.end()

    async def _rush(self, lines: Lines, waiting: Iterator[Text], accepted: Accepted) -> None:
        until = accepted.started + self.seconds
        while time.monotonic() < until and (text := next(waiting, None)):
            await accepted.send(lines, text)


@dataclass(frozen=True)
class Steady:
    """Texts come at a steady rate, whether or not those before them are answered yet."""

    port: int
    texts: list[Text] = field(repr=False)
    lines: int
    per_second: float

    async def run(self, _twilio: Twilio) -> Accepted:
        lines, accepted = Lines(self.port, self.lines), Accepted()
        await _paced(self.texts, self.per_second, lambda text: accepted.send(lines, text))
        lines.hang_up()
        return accepted.end()


@dataclass(frozen=True)
class Answered:
    """The seconds from each text to its answer's arrival at Twilio."""

    took: list[float]
    per_second: float


@dataclass(frozen=True)
class Conversation:
    """So many texts are kept under way, each until its answer has arrived at Twilio."""

    port: int
    texts: list[Text] = field(repr=False)
    under_way: int
    seconds: float
    pause_seconds: float = 0.0
    """Between an answer and the next text: then each text meets an installation at rest."""

    async def run(self, twilio: Twilio) -> Answered:
        lines, waiting, took = Lines(self.port, self.under_way), iter(self.texts), list[float]()
        started = time.monotonic()
        await asyncio.gather(
            *(self._speak(twilio, lines, waiting, took) for _ in range(self.under_way))
        )
        lines.hang_up()
        return Answered(took, len(took) / (time.monotonic() - started))

    async def _speak(
        self, twilio: Twilio, lines: Lines, waiting: Iterator[Text], took: list[float]
    ) -> None:
        until = time.monotonic() + self.seconds
        while time.monotonic() < until and (text := next(waiting, None)):
            took.append(await _answered(twilio, lines, text))
            await asyncio.sleep(self.pause_seconds)


@dataclass(frozen=True)
class SteadyConversation:
    """Texts come at a steady rate, and each is followed until its answer arrives at Twilio."""

    port: int
    texts: list[Text] = field(repr=False)
    lines: int
    per_second: float

    async def run(self, twilio: Twilio) -> Answered:
        lines, started = Lines(self.port, self.lines), time.monotonic()
        answered = partial(_answered, twilio, lines)
        took = await _paced(self.texts, self.per_second, answered)
        lines.hang_up()
        return Answered(took, len(took) / (time.monotonic() - started))


@dataclass(frozen=True)
class Flooded:
    """A flood at the door, and how fast the answers came out behind it."""

    accepted: Accepted
    answered_per_second: float


@dataclass(frozen=True)
class Flood:
    """Everybody texts as fast as the door lets them, and all wait for their answers."""

    port: int
    texts: list[Text] = field(repr=False)
    lines: int

    async def run(self, twilio: Twilio) -> Flooded:
        lines, waiting, accepted = Lines(self.port, self.lines), iter(self.texts), Accepted()
        parts = (self._flood(twilio, lines, waiting, accepted) for _ in range(self.lines))
        answers = [each for part in await asyncio.gather(*parts) for each in part]
        accepted.end()
        arrived = await asyncio.wait_for(asyncio.gather(*answers), ANSWER_SECONDS)
        lines.hang_up()
        return Flooded(accepted, len(arrived) / (max(arrived) - accepted.started))

    async def _flood(
        self, twilio: Twilio, lines: Lines, waiting: Iterator[Text], accepted: Accepted
    ) -> list[asyncio.Future[float]]:
        """The answers that may be waited for: none comes to a text that was turned away."""
        answers = []
        for text in waiting:
            answer = twilio.expect(text.number)
            if await accepted.send(lines, text):
                answers.append(answer)
        return answers


async def _answered(twilio: Twilio, lines: Lines, text: Text) -> float:
    """A text that is turned away comes again, as it would by Twilio's fallback URL."""
    answer, sent = twilio.expect(text.number), time.monotonic()
    while not await lines.post(text.request):
        await asyncio.sleep(AGAIN_SECONDS)
    return await asyncio.wait_for(answer, ANSWER_SECONDS) - sent


async def _paced(
    texts: list[Text], per_second: float, follow: Callable[[Text], Coroutine[Any, Any, Result]]
) -> list[Result]:
    """Begin each when it is due, whatever has become of those before."""
    started, under_way = time.monotonic(), list[asyncio.Task[Result]]()
    for number, text in enumerate(texts):
        await asyncio.sleep(started + number / per_second - time.monotonic())
        under_way.append(asyncio.create_task(follow(text)))
    return await asyncio.gather(*under_way)
