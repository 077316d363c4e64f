"""The folder of one run: nobody else can read it, and a demo beside ours has another one."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.demo.errors import DemoError

MARK = ".resetline-demo"
"""Only what carries this mark is ever wiped."""


@contextmanager
def taken(preferred: Path) -> Iterator[Path]:
    """`var/demo`, or `var/demo-2` while another demo is running; empty at the start."""
    for number in itertools.count(1):
        folder = preferred if number == 1 else preferred.with_name(f"{preferred.name}-{number}")
        handle = _opened(folder)
        try:
            if _locked(handle):
                _wipe(folder)
                yield folder
                return
        finally:
            os.close(handle)


def _opened(folder: Path) -> int:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(folder, os.O_RDONLY)
    except PermissionError:
        raise DemoError(
            f"{folder} cannot be used, perhaps because a demo as root left it: remove it."
        ) from None


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wipe(folder: Path) -> None:
    mark = folder / MARK
    found = [each for each in folder.iterdir() if each != mark]
    if found and not mark.exists():
        raise DemoError(f"{folder} is not a demo's folder: empty it, or name another one.")
    for each in found:
        shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
    folder.chmod(0o700)
    mark.touch()
