"""The databases that are committed to: both are on the disk before a commit is believed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from tests import postgresql_server
from tests.postgresql_server import PROGRAMS, _as_postgres


@contextmanager
def durable_postgresql() -> Iterator[str]:
    """A server's URL. The tests' server may forget what it was told (fsync=off); here that counts.

    It is started again with PostgreSQL's own default, and looked at.
    """
    with postgresql_server.running() as url:
        folder = str(make_url(url).query["host"])
        options = f"-c listen_addresses='' -c unix_socket_directories={folder}"
        program, data = str(PROGRAMS[-1] / "pg_ctl"), f"{folder}/data"
        _as_postgres(program, "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "restart")
        assert _setting(url, "fsync") == "on"
        yield url


def server_pid(url: str) -> int | None:
    """PostgreSQL's first process; SQLite has none."""
    folder = make_url(url).query.get("host")
    if not folder:
        return None
    return int(Path(str(folder), "data", "postmaster.pid").read_text().split()[0])


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder}/resetline.db"


def _setting(url: str, name: str) -> str:
    engine = create_engine(url)
    with engine.connect() as connection:
        value = str(connection.scalar(text(f"SHOW {name}")))
    engine.dispose()
    return value
