"""Databases for tests: a fresh SQLite file, and a fresh database on a real PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
        url = f"sqlite:///{tmp_path}/resetline.db"
        _migrate(url)
        yield url
    else:
        with fresh_postgresql(request.getfixturevalue("postgresql")) as url:
            yield url


class fresh_postgresql:  # noqa: N801  (used like a function)
    """A database of its own on a running server, dropped in the end."""

    def __init__(self, maintenance_url: str, *, migrate: bool = True) -> None:
        self._migrated = migrate
        self._server = create_engine(maintenance_url, isolation_level="AUTOCOMMIT")
        self._name = f"t{uuid4().hex}"
        self._url = make_url(maintenance_url).set(database=self._name)

    def __enter__(self) -> str:
        with self._server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {self._name}"))
        url = self._url.render_as_string(hide_password=False)
        if self._migrated:
            _migrate(url)
        return url

    def __exit__(self, *_: object) -> None:
        with self._server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {self._name} WITH (FORCE)"))
        self._server.dispose()


def _migrate(url: str) -> None:
    database = Database(url)
    schema.upgrade(database.engine)
    database.close()
