"""A PostgreSQL primary and its streaming standby on this machine, to be killed and promoted."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.installation import free_port, wait_for
from tests.postgresql_server import PROGRAMS, _as_postgres, _postgres_user

DATABASE = "resetline"


@dataclass
class Member:
    """One of the two servers, with its files in a folder of its own."""

    folder: Path
    port: int

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        options = (
            f"-c port={self.port} -c listen_addresses=127.0.0.1 -c fsync=off "
            f"-c unix_socket_directories={self.folder}"
        )
        run(
            "pg_ctl",
            "-D",
            str(self.data),
            "-w",
            "-l",
            str(self.folder / "log"),
            "-o",
            options,
            "start",
        )

    def promote(self) -> None:
        run("pg_ctl", "-D", str(self.data), "-w", "promote")

    def kill(self) -> None:
        """All of its processes at once, without a word to anybody."""
        pids = self.pids()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not any(map(is_running, pids)))

    def pids(self) -> list[int]:
        first = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        return [first, *(pid for pid in children_of(first))]

    def stop(self) -> None:
        if (self.data / "postmaster.pid").exists() and is_running(self.pids()[0]):
            run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")

    def asked(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        url = f"postgresql+psycopg://test@{self.address}/{database}"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                result = connection.execute(text(sql))
                return [tuple(row) for row in result] if result.returns_rows else []
        finally:
            engine.dispose()


@dataclass
class Pair:
    """What is committed is on both: the primary waits for the standby before it says so."""

    primary: Member
    standby: Member

    @property
    def url(self) -> str:
        """As an operator writes it: both hosts, and only the one that takes writes will do."""
        hosts = f"host={self.primary.address}&host={self.standby.address}"
        return f"postgresql+psycopg://test@/{DATABASE}?{hosts}&target_session_attrs=read-write"

    def is_synchronous(self) -> bool:
        rows = self.primary.asked("SELECT sync_state FROM pg_stat_replication")
        return rows == [("sync",)]


@contextmanager
def replicated() -> Iterator[Pair]:
    folder = Path(tempfile.mkdtemp(prefix="resetline-pair-", dir="/tmp"))
    members = [member(folder / name) for name in ("one", "two")]
    own(folder)
    pair = Pair(*members)
    try:
        begin(pair)
        yield pair
    finally:
        for each in members:
            each.stop()
        shutil.rmtree(folder, ignore_errors=True)


def begin(pair: Pair) -> None:
    primary, standby = pair.primary, pair.standby
    run("initdb", "-D", str(primary.data), "-A", "trust", "-U", "test", "-E", "UTF8")
    primary.start()
    primary.asked(f"CREATE DATABASE {DATABASE}")
    run(
        *("pg_basebackup", "-D", str(standby.data), "-R", "-X", "stream", "-c", "fast"),
        *("-h", "127.0.0.1", "-p", str(primary.port), "-U", "test"),
    )
    standby.start()
    primary.asked("ALTER SYSTEM SET synchronous_standby_names = '*'")
    primary.asked("SELECT pg_reload_conf()")
    wait_for(pair.is_synchronous)


def member(folder: Path) -> Member:
    folder.mkdir()
    own(folder)
    return Member(folder, free_port())


def own(folder: Path) -> None:
    """PostgreSQL does not run as root, so its folders belong to somebody else."""
    if os.geteuid() == 0 and (user := _postgres_user()):
        os.chown(folder, user.pw_uid, user.pw_gid)


def run(program: str, *arguments: str) -> None:
    _as_postgres(str(PROGRAMS[-1] / program), *arguments)


def children_of(parent: int) -> Iterator[int]:
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            yield int(status.parent.name)


def is_running(pid: int) -> bool:
    """A zombie that nobody has collected yet serves no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
