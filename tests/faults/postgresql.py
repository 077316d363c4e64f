"""A PostgreSQL of our own that can be stopped as an outage would, and started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from tests import postgresql_server


@dataclass(frozen=True)
class PostgresqlServer:
    """One running server, known by the URL of its maintenance database."""

    maintenance_url: str

    def stop(self) -> None:
        """At once: open transactions are lost, as in a crash."""
        self._pg_ctl("-m", "immediate", "stop")

    def start(self) -> None:
        """With the options that tests/postgresql_server.py gives it."""
        folder = self._data.parent
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        self._pg_ctl("-w", "-l", str(folder / "log"), "-o", options, "start")

    def is_running(self) -> bool:
        return (self._data / "postmaster.pid").exists()

    @property
    def _data(self) -> Path:
        return Path(str(make_url(self.maintenance_url).query["host"])) / "data"

    def _pg_ctl(self, *arguments: str) -> None:
        program = str(postgresql_server.PROGRAMS[-1] / "pg_ctl")
        postgresql_server._as_postgres(program, "-D", str(self._data), *arguments)


@contextmanager
def server() -> Iterator[PostgresqlServer]:
    with postgresql_server.running() as url:
        yield PostgresqlServer(url)
