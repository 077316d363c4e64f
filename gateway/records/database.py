"""Opens the database, SQLite or PostgreSQL, and lends out transactions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

Result = TypeVar("Result")

SQLITE_BUSY_SECONDS = 5
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "cache_size=-32768",  # 32 MiB at most, so that a look-up stays in memory at a million people
)
POSTGRESQL_STATEMENT_SECONDS = 10
TRUSTED_SECONDS = 1.0
"""A connection that was used so lately is taken to be alive still."""


class DatabaseUnavailable(Exception):
    """The database could not take part; whatever was meant is not known to be stored."""


class ConnectionLost(DatabaseUnavailable):
    """A connection broke in the middle; the next one may work, unless the server is gone."""


class Database:
    """Short transactions: each is committed whole or not at all."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._reader = self.engine.execution_options(reading=True, postgresql_readonly=True)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Commits at the end, rolls back on any error. Raises DatabaseUnavailable.

        A constraint that was violated is the caller's own affair and comes through as it is.
        """
        with self._lent(self._sessions()) as session:
            yield session

    def run(self, work: Callable[[Session], Result]) -> Result:
        """Do something in a transaction, and once more where a connection broke in its course.

        Only for work that changes nothing when it is done twice: the first may be committed.
        """
        try:
            with self.transaction() as session:
                return work(session)
        except ConnectionLost:
            with self.transaction() as session:
                return work(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """For reading only: nobody who writes waits for it, on SQLite either. The same errors."""
        with self._lent(self._sessions(bind=self._reader)) as session:
            yield session

    @contextmanager
    def _lent(self, session: Session) -> Iterator[Session]:
        try:
            with session, session.begin():
                yield session
        except PoolTimeout as error:
            raise DatabaseUnavailable("no connection to the database was free in time") from error
        except DBAPIError as error:
            if isinstance(error.orig, _unavailable(self.engine)):
                lost = ConnectionLost if error.connection_invalidated else DatabaseUnavailable
                raise lost(_cause(error)) from None
            raise

    def close(self) -> None:
        self.engine.dispose()


def _unavailable(engine: Engine) -> tuple[type[Exception], ...]:
    driver = engine.dialect.loaded_dbapi
    return (driver.OperationalError, driver.InterfaceError)


def _cause(error: DBAPIError) -> str:
    """The driver's first line, without the statement and its parameters."""
    return f"the database is not available: {str(error.orig).splitlines()[0] if error.orig else ''}"


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url)
    options = f"-c statement_timeout={POSTGRESQL_STATEMENT_SECONDS * 1000} -c timezone=UTC"
    engine = create_engine(
        parsed,
        pool_size=8,
        max_overflow=8,
        pool_timeout=5,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 3, "options": options},
    )
    event.listen(engine, "checkin", _remember_use)
    event.listen(engine, "checkout", partial(_prove_alive, engine))
    return engine


def _remember_use(_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _prove_alive(engine: Engine, connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that was not used for a while; one that fails is replaced unnoticed.

    SQLAlchemy's own check asks before every transaction, which costs as much as a statement.
    """
    if time.monotonic() - record.info.get("used_at", time.monotonic()) < TRUSTED_SECONDS:
        return
    driver = engine.dialect.loaded_dbapi
    try:
        alive = engine.dialect.do_ping(connection)
    except driver.Error:
        alive = False
    if not alive:
        raise DisconnectionError("the server has ended this connection")


def _sqlite(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": SQLITE_BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Write-ahead log, and a commit is on the disk before it is believed (synchronous=FULL)."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at once: a lock that is upgraded later can fail without waiting."""
    only_reads = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")
