"""What somebody with a hand in the database can do to audited events."""

# ruff: noqa: S608  (every value in these statements is our own)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hypothesis import assume
from hypothesis import strategies as st

from tests.gateway.audit.conftest import Audited

EVENT_COLUMNS: Final = (
    *("id", "at", "event", "mode", "tenant_id", "organization_id", "person_id", "request_id"),
    *("reason", "position", "chain", "chain_key"),
)
HEAD_COLUMNS: Final = ("count", "chain", "began_at", "key_name", "signature")

DAY_AND_TIME: Final = 10
"""Where a time has its blank. The head's is read as a time, and with any letter there it is that
very time; an event's is compared to the letter."""


def change_a_byte(copy: Audited, table: str, row: str, column: str, data: st.DataObject) -> None:
    """In the form in which SQLite writes the value; None has no byte."""
    look = f"SELECT typeof({column}), CAST({column} AS BLOB) FROM {table} WHERE {row}"
    [(_, stored)] = copy.sql(look)
    assume(stored)
    at = data.draw(st.integers(0, len(stored) - 1))
    assume(column != "began_at" or at != DAY_AND_TIME)
    changed = bytearray(stored)
    changed[at] ^= data.draw(st.integers(1, 255))
    rowid = copy.sql(f"SELECT rowid FROM {table} WHERE {row}")[0][0]
    set_to = _as_id if column == "id" else _as_text
    assume(set_to(copy, table, column, bytes(changed), rowid))


def _as_text(copy: Audited, table: str, column: str, value: bytes, rowid: int) -> bool:
    """Whether anything else is stored now: `7` and `07` are the same number."""
    look = f"SELECT typeof({column}), CAST({column} AS BLOB) FROM {table} WHERE rowid = {rowid}"
    before = copy.sql(look)
    copy.sql(
        f"UPDATE {table} SET {column} = CAST(:value AS TEXT) WHERE rowid = {rowid}", value=value
    )
    return copy.sql(look) != before


def _as_id(copy: Audited, table: str, column: str, value: bytes, rowid: int) -> bool:
    """An id can only become another number that is free."""
    if not value.isdigit() or copy.sql(f"SELECT 1 FROM {table} WHERE id = {int(value)}"):
        return False
    copy.sql(f"UPDATE {table} SET {column} = {int(value)} WHERE rowid = {rowid}")
    return True


def delete(copy: Audited, places: Sequence[int], *, closing_up: bool) -> None:
    for place in reversed(places):
        copy.sql(f"DELETE FROM audit_events WHERE position = {place}")
        if closing_up:
            move(copy, f"position > {place}", -1)


def insert(copy: Audited, at: int, *, like: int, pushing: bool) -> None:
    columns = ", ".join(column for column in EVENT_COLUMNS if column not in {"id", "position"})
    copy.sql("DROP INDEX IF EXISTS uq_audit_events_position")
    if pushing:
        move(copy, f"position >= {at}", 1)
    like += pushing and like >= at
    copy.sql(
        f"INSERT INTO audit_events ({columns}, position) "
        f"SELECT {columns}, {at} FROM audit_events WHERE position = {like} LIMIT 1"
    )


def move(copy: Audited, which: str, by: int) -> None:
    """In two steps, as a unique index is in the way of one."""
    copy.sql(f"UPDATE audit_events SET position = -position - ({by}) WHERE {which}")
    copy.sql("UPDATE audit_events SET position = -position WHERE position < 0")


def exchange(copy: Audited, one: int, other: int, columns: Sequence[str]) -> None:
    names = ", ".join(columns)
    copy.sql("DROP INDEX IF EXISTS uq_audit_events_position")
    look = f"SELECT id, {names} FROM audit_events WHERE position IN ({one}, {other})"
    first, second = [dict(zip(["rowid", *columns], row, strict=True)) for row in copy.sql(look)]
    if columns == ["id"]:
        renumber(copy, first["rowid"], second["rowid"])
        return
    for row, new in ((first, second), (second, first)):
        changes = ", ".join(f"{column} = :{column}" for column in columns)
        values: dict[str, Any] = {column: new[column] for column in columns}
        copy.sql(f"UPDATE audit_events SET {changes} WHERE id = {row['rowid']}", **values)
    if first | {"rowid": 0} == second | {"rowid": 0}:
        assume(condition=False)


def renumber(copy: Audited, one: int, other: int) -> None:
    for old, new in ((one, 9999), (other, one), (9999, other)):
        copy.sql(f"UPDATE audit_events SET id = {new} WHERE id = {old}")


def put_head_at_the_end(copy: Audited) -> None:
    """As well as one can without the key."""
    copy.sql("UPDATE audit_heads SET count = (SELECT coalesce(max(position), 0) FROM audit_events)")
    copy.sql(
        "UPDATE audit_heads SET chain = coalesce((SELECT chain FROM audit_events "
        "WHERE position = audit_heads.count), chain)"
    )
