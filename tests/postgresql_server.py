"""A real PostgreSQL for the test session, on a socket in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def missing() -> str | None:
    """Why PostgreSQL cannot be run here, or None."""
    if not PROGRAMS:
        return "needs PostgreSQL's server programs (Debian: postgresql)"
    if os.geteuid() == 0 and not _postgres_user():
        return "needs the user `postgres`: PostgreSQL refuses to run as root"
    return None


def _postgres_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


def _as_postgres(*command: str) -> None:
    user = _postgres_user() if os.geteuid() == 0 else None
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        cwd="/",
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        env={**os.environ, "LC_ALL": "C"},
    )


@contextmanager
def running() -> Iterator[str]:
    """Start a server; yields the SQLAlchemy URL of its maintenance database, for psycopg."""
    folder = Path(tempfile.mkdtemp(prefix="resetline-pg-", dir="/tmp"))
    user = _postgres_user() if os.geteuid() == 0 else None
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    programs, data = PROGRAMS[-1], folder / "data"
    try:
        _as_postgres(
            str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "test", "-E", "UTF8"
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        pg_ctl, log = str(programs / "pg_ctl"), str(folder / "log")
        _as_postgres(pg_ctl, "-D", str(data), "-w", "-l", log, "-o", options, "start")
        try:
            yield f"postgresql+psycopg://test@/postgres?host={folder}"
        finally:
            _as_postgres(pg_ctl, "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
