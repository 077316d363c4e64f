"""The code of the release before this one, as it stands in the history, to be run beside ours."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
VERSIONS: Final = "gateway/records/migrations/versions"
RELEASED: Final = frozenset({"0001"})
"""The migrations that the last release knows: with each release those of the one before."""


def unpacked(folder: Path) -> Path | None:
    """Its packages in a folder for PYTHONPATH; None where the history does not reach back."""
    commit = last_commit()
    if commit is None:
        return None
    archive = git("archive", commit, "gateway", "handlers", "directory", "templates", "wsgi.py")
    if archive is None:
        return None
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def last_commit() -> str | None:
    """The one before the first that brought a migration which the last release does not know."""
    listing = git(
        *("log", "--reverse", "--diff-filter=A", "--name-only", "--format=commit %H"),
        *("--", VERSIONS),
    )
    commit = "HEAD"
    for line in (listing or b"").decode().splitlines():
        if line.startswith("commit "):
            commit = line.removeprefix("commit ")
        elif line and Path(line).name.split("_")[0] not in RELEASED:
            return f"{commit}^" if git("cat-file", "-e", f"{commit}^") is not None else None
    return "HEAD" if listing else None


def git(*arguments: str) -> bytes | None:
    command = ["git", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True)
    return done.stdout if done.returncode == 0 else None
