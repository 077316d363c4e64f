"""The ground that every model stands on: ids, aware times, and names for constraints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, Table, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in and out, on databases with time zones and without."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (SQLAlchemy names the parameter)
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = Annotated[int, mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)]
BigId = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """Constraint names are fixed so that migrations can name them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, int: BigId, dict[str, Any]: JSON}  # noqa: RUF012  (SQLAlchemy declares it as a plain attribute)


def table_of(model: type[Base]) -> Table:
    """The table itself, for statements that make no objects of rows: they cost a fraction."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is no table")
    return table


def insert_row(session: Session, model: type[Base], **values: Any) -> int:
    """Insert a row at once and by itself: its id. No object is made of it."""
    statement = _inserting(session.get_bind().dialect.name, model, once=False)
    row_id: int = session.connection().execute(statement, values).scalar_one()
    return row_id


def insert_once(session: Session, model: type[Base], **values: Any) -> int | None:
    """Insert a row unless a unique one is there already: its id, or None if it was there.

    A second transaction doing the same waits for the first: exactly one of them gets the id.
    """
    statement = _inserting(session.get_bind().dialect.name, model, once=True)
    row_id: int | None = session.connection().execute(statement, values).scalar()
    return row_id


def upsert(
    session: Session, model: type[Base], key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Insert a row, or change the one that has this primary key."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table_of(model)).values({**key, **values})
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def did_change(session: Session, statement: Update) -> bool:
    """Run an UPDATE that names the state it leaves: whether it found a row in that state."""
    return session.connection().execute(statement).rowcount > 0


@cache
def _inserting(dialect: str, model: type[Base], *, once: bool) -> ReturningInsert[int]:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table_of(model))
    if once:
        statement = statement.on_conflict_do_nothing()
    return statement.returning(table_of(model).c.id)
