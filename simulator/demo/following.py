"""Shows the logs of all parts on the screen as they are written, for `--verbose`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

LOOK_EVERY_SECONDS = 0.2


@contextmanager
def following(logs: Path, *, wanted: bool) -> Iterator[None]:
    """For as long as this lasts, and a last look at the end."""
    if not wanted:
        yield
        return
    over = Event()
    thread = Thread(target=_follow, args=(logs, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _follow(logs: Path, over: Event) -> None:
    read: dict[Path, int] = {}
    while not over.wait(LOOK_EVERY_SECONDS):
        _show_new(logs, read)
    _show_new(logs, read)


def _show_new(logs: Path, read: dict[Path, int]) -> None:
    """Whole lines only: half of one is shown when the other half has come."""
    for log in sorted(logs.glob("*.log")):
        with log.open("rb") as file:
            file.seek(read.get(log, 0))
            whole, newline, _ = file.read().rpartition(b"\n")
        read[log] = read.get(log, 0) + len(whole + newline)
        for line in whole.decode(errors="replace").splitlines():
            print(f"{log.stem:>10} | {line}", flush=True)
