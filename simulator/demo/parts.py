"""The running parts: each a process with a log of its own, ended together and without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import STDOUT
from tempfile import TemporaryFile
from typing import IO, Self

from simulator.demo.errors import CommandFailed, PartDied, TookTooLong
from simulator.demo.waiting import Waiting

ROOT = Path(__file__).parents[2]
SECONDS_TO_END = 5.0
SECONDS_FOR_A_COMMAND = 120.0
LAST_LINES = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A process of ours, the first of its own process group."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def last_lines(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join(f"    {line}" for line in lines) or "    (nothing)"


class Parts:
    """Starts them, watches them and ends them.

    Their groups are their own, so that Ctrl-C reaches only us and they are ended in good order.
    """

    def __init__(self, log_folder: Path, waiting: Waiting) -> None:
        self._log_folder = log_folder
        self._waiting = waiting
        self._running: list[Part] = []
        log_folder.mkdir(exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Part:
        """Start it; what it says goes to its log."""
        log = self._log_folder / f"{name}.log"
        with log.open("ab") as output:
            part = Part(name, _process(command, environment, output.fileno(), STDOUT), log)
        self._running.append(part)
        return part

    def run(self, called: str, command: Sequence[str], environment: Mapping[str, str]) -> str:
        """A command that ends by itself; returns what it printed, which is kept nowhere.

        `called` is how people read of it: a command may hold a secret. Raises CommandFailed.
        """
        log = self._log_folder / "preparing.log"
        with log.open("ab+") as complaints, TemporaryFile() as printed:
            complaints.write(f"$ {called}\n".encode())
            complaints.flush()
            begin = complaints.tell()
            process = _process(command, environment, printed.fileno(), complaints.fileno())
            self._running.append(Part("preparation", process, log))
            self._waiting.until(lambda: process.poll() is not None, SECONDS_FOR_A_COMMAND)
            if process.returncode != 0:
                raise CommandFailed(called, _read(complaints, begin))
            self._running.pop()
            return _read(printed)

    def wait_for(self, part: Part, answers: Callable[[], bool], seconds: float) -> None:
        """Until it answers. Raises TookTooLong, or PartDied for whichever part has died."""

        def answered() -> bool:
            self.check()
            return answers()

        if not self._waiting.until(answered, seconds):
            raise TookTooLong(part.name, seconds, part.log, part.last_lines)

    def check(self) -> None:
        """Raises PartDied if one of them is not there any more."""
        for part in self._running:
            status = part.process.poll()
            if status is not None:
                raise PartDied(part.name, status, part.log, part.last_lines)

    def watch(self) -> None:
        """For as long as all is well. Raises PartDied or Interrupted."""
        while True:
            self.check()
            self._waiting.step()

    def end(self) -> None:
        """All at once but for the first, which the others lean on. Then nothing is left."""
        first, others = self._running[:1], self._running[1:]
        _end(others)
        _end(first)
        self._running.clear()


def _end(parts: Sequence[Part]) -> None:
    """Whatever does not go when it is asked to is made to, and whatever it had started."""
    for part in parts:
        part.process.terminate()
    last = time.monotonic() + SECONDS_TO_END
    for part in parts:
        with suppress(subprocess.TimeoutExpired):
            part.process.wait(max(0.0, last - time.monotonic()))
        _kill_group(part.process.pid)
        part.process.wait()


def _process(
    command: Sequence[str], environment: Mapping[str, str], output: int, errors: int
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        process_group=0,
    )


def _read(file: IO[bytes], begin: int = 0) -> str:
    file.seek(begin)
    return file.read().decode(errors="replace")


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
