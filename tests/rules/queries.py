"""Listens to what is asked of the database, and says whether it asks for one owner's rows only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.sql import operators
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ColumnElement,
    Grouping,
)
from sqlalchemy.sql.schema import Column
from sqlalchemy.sql.selectable import CompoundSelect, ScalarSelect, Select

from gateway.records import Base

ROOT: Final = Path(__file__).parents[2]
OWNERS: Final = ("tenant", "organization", "person", "phone", "request", "invitation", "proof")
KEYS: Final = frozenset({"id", "scope_id", *(f"{owner}_id" for owner in OWNERS)})
"""Ids lead to one owner: they come from a row that was found by its owner, or off the queue."""

UNIQUE: Final = frozenset({"slug", "sid", "number_index", "digest", "account_guid"})
"""So do what nobody else can have or guess."""

OWNED: Final = frozenset(
    table.name
    for table in Base.metadata.tables.values()
    if KEYS - {"id"} & set(table.c.keys()) or table.name in {"tenants", "organizations"}
)


@dataclass(frozen=True)
class Query:
    """Something that was asked, and by which of our functions."""

    site: str
    is_restricted: bool
    words: str


@contextmanager
def listening() -> Iterator[list[Query]]:
    """Whatever any of our connections is asked meanwhile, if it is for rows that have an owner."""
    heard: list[Query] = []

    def listen(_connection: Any, statement: Any, *_rest: Any) -> None:
        if _is_owned(statement):
            heard.append(Query(_site(), is_restricted(statement), str(statement)))

    event.listen(Engine, "before_execute", listen)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_execute", listen)


def is_restricted(statement: Any) -> bool:
    """Whether every row that it reaches belongs to somebody whom it names."""
    if isinstance(statement, CompoundSelect):
        return all(is_restricted(each) for each in statement.selects)
    if isinstance(statement, Insert):
        return statement.select is None or is_restricted(statement.select)
    if isinstance(statement, Select | Update | Delete):
        return statement.whereclause is not None and _names(statement.whereclause)
    return False


def _names(condition: Any) -> bool:
    """One of what has to be true together will do; of what may be true instead, each has to."""
    if isinstance(condition, Grouping):
        return _names(condition.element)
    if isinstance(condition, BooleanClauseList):
        named = [_names(each) for each in condition.clauses]
        return any(named) if condition.operator is operators.and_ else all(named)
    return isinstance(condition, BinaryExpression) and _is_one_owner(condition)


def _is_one_owner(condition: BinaryExpression[Any]) -> bool:
    sides = (condition.left, condition.right)
    for key, value in (sides, sides[::-1]):
        if isinstance(key, Column) and key.name in KEYS | UNIQUE:
            if condition.operator is operators.eq and isinstance(value, BindParameter):
                return True
            if condition.operator is operators.in_op:
                return _is_named(value)
            if isinstance(value, ScalarSelect):
                return is_restricted(value.element)
    return False


def _is_named(value: ColumnElement[Any]) -> bool:
    """A list of ids, or a question that is restricted itself."""
    inner = value.element if isinstance(value, Grouping | ScalarSelect) else value
    return isinstance(inner, BindParameter) or is_restricted(getattr(inner, "element", inner))


def _is_owned(statement: Any) -> bool:
    if isinstance(statement, Update | Delete):
        return getattr(statement.table, "name", None) in OWNED
    if isinstance(statement, Insert):
        return statement.select is not None
    if isinstance(statement, Select | CompoundSelect):
        return bool(OWNED & set(_tables(statement)))
    return any(name in str(statement) for name in OWNED)


def _tables(statement: Any) -> Iterator[str]:
    if isinstance(statement, CompoundSelect):
        for each in statement.selects:
            yield from _tables(each)
    else:
        for column in statement.selected_columns:
            yield from (each.table.name for each in column.base_columns if _of_a_table(each))


def _of_a_table(column: ColumnElement[Any]) -> bool:
    return getattr(getattr(column, "table", None), "name", None) is not None


def _site() -> str:
    """The nearest function of ours, but for what lends out transactions."""
    frame: FrameType | None = sys._getframe(1)
    while frame:
        path = Path(frame.f_code.co_filename)
        if (ROOT / "gateway") in path.parents and path.name != "database.py":
            return f"{path.relative_to(ROOT / 'gateway').as_posix()}:{frame.f_code.co_name}"
        frame = frame.f_back
    return "tests"
