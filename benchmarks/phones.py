"""The phones, and Twilio between them and us, in a process of their own with one event loop.

A text and its answer are so timed by the same clock, and the load takes little of the processor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Generic, Protocol, TypeVar

from benchmarks.apart import apart
from benchmarks.twilio import Twilio

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Load(Protocol[Result_co]):
    """Something that the phones can be told to do."""

    async def run(self, twilio: Twilio, /) -> Result_co: ...


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What came of it: one of the two."""

    result: Result | None = None
    error: Exception | None = None

    def get(self) -> Result:
        if self.error:
            raise self.error
        return self.result  # type: ignore[return-value]


@dataclass(frozen=True)
class Phones:
    """Our end: tells the phones what to do."""

    twilio_url: str
    pid: int
    _pipe: Connection

    def do(self, load: Load[Result]) -> Result:
        """Waits until it is done. Raises what went wrong there."""
        self._pipe.send(load)
        outcome: Outcome[Result] = self._pipe.recv()
        return outcome.get()


@contextmanager
def phones() -> Iterator[Phones]:
    with apart(_serve) as part:
        yield Phones(part.pipe.recv(), part.pid, part.pipe)


def _serve(pipe: Connection) -> None:
    asyncio.run(_obey(pipe))


async def _obey(pipe: Connection) -> None:
    twilio = Twilio()
    pipe.send(await twilio.open())
    while True:
        try:
            load: Load[object] = await asyncio.to_thread(pipe.recv)
        except EOFError:
            return
        pipe.send(await _outcome(load, twilio))


async def _outcome(load: Load[object], twilio: Twilio) -> Outcome[object]:
    try:
        return Outcome(await load.run(twilio))
    except Exception as error:  # noqa: BLE001  (whatever it is, who asked is told)
        return Outcome(error=error)
