"""What the person at the terminal sees: a line for each step, and an invitation at the end."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
CLEAR_LINE = "\r\x1b[K"


class Screen:
    """Moves only on a terminal; anywhere else each step is one plain line when it is done."""

    def __init__(self, stream: TextIO, *, calm: bool = False) -> None:
        self._stream = stream
        self._terminal = stream.isatty() and os.environ.get("TERM") != "dumb" and not calm
        self._colours = self._terminal and "NO_COLOR" not in os.environ
        self._frames = itertools.cycle(FRAMES)
        self._doing = ""

    def say(self, text: str = "") -> None:
        """A line, or several."""
        print(text, file=self._stream, flush=True)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Something that takes a moment."""
        self._doing = doing
        self.tick()
        try:
            yield
        except BaseException:
            self._finish(self._coloured("✗", 31), ": not done")
            raise
        self._finish(self._coloured("✓", 32))

    def tick(self) -> None:
        """The spinner goes on turning."""
        if self._doing and self._terminal:
            self._stream.write(f"{CLEAR_LINE}  {next(self._frames)} {self._doing} ")
            self._stream.flush()

    def loud(self, text: str) -> str:
        """What the eye should find first."""
        return self._coloured(text, 1)

    def _finish(self, sign: str, remark: str = "") -> None:
        begin = f"{CLEAR_LINE}  {sign} " if self._terminal else "  "
        self.say(begin + self._doing + remark)
        self._doing = ""

    def _coloured(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text
