"""A demo as a person starts it, in a session of its own so that whatever it leaves can be found."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"Open (http://127\.0\.0\.1:\d+)")
SECONDS_TO_END = 20
ZOMBIE = "Z"


@dataclass(frozen=True, slots=True)
class RunningDemo:
    """Its first process, and the address that it printed."""

    process: subprocess.Popen[str]
    address: str

    def children(self) -> list[int]:
        """All processes of its session, itself left out."""
        return [pid for pid in session(self.process.pid) if pid != self.process.pid]

    def end(self, number: signal.Signals = signal.SIGTERM) -> str:
        """Ask it to end; returns what it still had to say."""
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=SECONDS_TO_END)
        return said


@contextmanager
def running_demo(folder: Path) -> Iterator[RunningDemo]:
    """From its invitation to its end; AssertionError with all it said if it does not get there."""
    with started_demo(folder) as process:
        address = said_by(process, ADDRESS)
        yield RunningDemo(process, address)


@contextmanager
def started_demo(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """From its first moment."""
    command = [sys.executable, "-m", "simulator.demo", "--folder", str(folder)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=SECONDS_TO_END)


def said_by(process: subprocess.Popen[str], awaited: re.Pattern[str]) -> str:
    """The first group of what is awaited, as soon as it is said."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        found = awaited.search(line)
        if found:
            return found[1]
    raise AssertionError("the demo ended too early:\n" + "".join(said))


def session(leader: int) -> list[int]:
    """The processes of a session, from Linux's /proc."""
    found = [_session_member(stat, leader) for stat in Path("/proc").glob("[0-9]*/stat")]
    return [pid for pid in found if pid is not None]


def _session_member(stat: Path, leader: int) -> int | None:
    try:
        state, _parent, _group, belongs, *_ = stat.read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return int(stat.parent.name) if int(belongs) == leader and state != ZOMBIE else None
