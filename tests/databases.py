"""Databases for tests: a fresh SQLite file, and a fresh database on a real PostgreSQL."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from gateway.records import schema
from gateway.records.database import Database
from tests import postgresql_server


def skip(reason: str) -> None:
    """Skip by name; in continuous integration a skip is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"skipped in CI: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a running PostgreSQL server's maintenance database."""
    if reason := postgresql_server.missing():
        skip(reason)
    with postgresql_server.running() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database; every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        yield fresh_sqlite(tmp_path)
    else:
        with fresh_postgresql(request.getfixturevalue("postgresql")) as url:
            yield url


def fresh_sqlite(folder: Path) -> str:
    """The URL of a fresh, migrated SQLite file in this folder."""
    path = folder / "resetline.db"
    path.write_bytes(_migrated_sqlite())
    return f"sqlite:///{path}"


class fresh_postgresql:  # noqa: N801  (used like a function)
    """A database of its own on a running server, dropped in the end."""

    def __init__(self, maintenance_url: str, *, migrate: bool = True) -> None:
        self._template = _migrated_postgresql(maintenance_url) if migrate else "template1"
        self._server = create_engine(maintenance_url, isolation_level="AUTOCOMMIT")
        self._name = f"t{uuid4().hex}"
        self._url = make_url(maintenance_url).set(database=self._name)

    def __enter__(self) -> str:
        with self._server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {self._name} TEMPLATE {self._template}"))
        return self._url.render_as_string(hide_password=False)

    def __exit__(self, *_: object) -> None:
        with self._server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {self._name} WITH (FORCE)"))
        self._server.dispose()


@cache
def _migrated_sqlite() -> bytes:
    """A database that was migrated once: all migrations together take half a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        _migrate(f"sqlite:///{path}")
        return path.read_bytes()


@cache
def _migrated_postgresql(maintenance_url: str) -> str:
    """The name of one on this server, for others to be copied from. It ends with the server."""
    name = f"template_{uuid4().hex}"
    server = create_engine(maintenance_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.dispose()
    _migrate(make_url(maintenance_url).set(database=name).render_as_string(hide_password=False))
    return name


def _migrate(url: str) -> None:
    database = Database(url)
    schema.upgrade(database.engine)
    database.close()
