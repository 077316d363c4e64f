"""Many enrolled people at once: copies of the first one, made inside the database.

Sealing a million numbers would take minutes and change nothing for a look-up by their index.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from sqlalchemy import Connection, create_engine, text

from gateway.records import Base

FIRST_ID: Final = 10_000_000
"""Far above the ids of those who were enrolled one by one."""

SERIES: Final = {
    "postgresql": "series(n) AS (SELECT generate_series(1, :count))",
    "sqlite": "series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < :count)",
}
INDEX: Final = {
    "postgresql": "encode(sha256(CAST(CAST(n AS text) AS bytea)), 'hex')",
    "sqlite": "index_of(n)",
}
SETTLE: Final = {
    "postgresql": ("VACUUM ANALYZE people, phones", "CHECKPOINT"),
    "sqlite": ("PRAGMA wal_checkpoint(TRUNCATE)",),
}
"""What the database would do by itself in the minutes that follow."""


def index_of(number: int) -> str:
    """What stands for the keyed hash of this one's phone: as long, and as evenly spread."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def gather(url: str, count: int) -> None:
    """So many more people, with a verified phone each."""
    engine = create_engine(url)
    with engine.begin() as connection:
        _prepare(connection)
        for table in ("people", "phones"):
            connection.execute(text(_copies(table, engine.dialect.name)), {"count": count})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in SETTLE[engine.dialect.name]:
            connection.exec_driver_sql(statement)
    engine.dispose()


def _prepare(connection: Connection) -> None:
    """Whether each copy points to a person and a tenant that are there need not be asked."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    else:
        driver: Any = connection.connection.driver_connection
        driver.create_function("index_of", 1, index_of, deterministic=True)


def _copies(table: str, dialect: str) -> str:
    own = {
        "id": f"{FIRST_ID} + n",
        "person_id": f"{FIRST_ID} + n",
        "username": "'crowd' || n",
        "username_key": "'crowd' || n",
        "number_index": INDEX[dialect],
    }
    names = [column.name for column in Base.metadata.tables[table].columns]
    values = ", ".join(own.get(name, f"one.{name}") for name in names)
    return (
        f"WITH RECURSIVE {SERIES[dialect]} "  # noqa: S608  (all of it is ours)
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} "
        f"FROM series, (SELECT * FROM {table} ORDER BY id LIMIT 1) AS one"
    )
