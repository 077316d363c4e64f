"""A migration only adds, so that the release before it goes on working on the new tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, String, inspect
from sqlalchemy.types import TypeEngine

from gateway.records import schema
from gateway.records.database import Database
from tests.databases import fresh_postgresql, postgresql

__all__ = ["postgresql"]

NOT_OURS = "alembic_version"
Table = dict[str, Any]
REVISIONS = list(reversed([*ScriptDirectory.from_config(schema.configuration()).walk_revisions()]))


@pytest.fixture
def engine(postgresql: str) -> Iterator[Engine]:
    """An empty PostgreSQL: the database that a rolling upgrade happens on."""
    with fresh_postgresql(postgresql, migrate=False) as url:
        database = Database(url)
        yield database.engine
        database.close()


def test_no_migration_takes_away_what_the_code_before_it_uses(engine: Engine) -> None:
    before: dict[str, Table] = {}
    for revision in REVISIONS:
        bring_to(engine, revision.revision)
        after = tables(engine)
        broken = list(breaks(before, after))
        assert broken == [], f"{revision.revision} would break the release before it"
        before = after


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP TABLE leases", "leases is gone"),
        ("ALTER TABLE leases RENAME TO rights", "leases is gone"),
        ("ALTER TABLE leases DROP COLUMN until", "leases.until is gone"),
        ("ALTER TABLE leases RENAME COLUMN until TO ends_at", "leases.until is gone"),
        ("ALTER TABLE phones ALTER COLUMN verified_at SET NOT NULL", "phones.verified_at must now"),
        ("ALTER TABLE phones ALTER COLUMN verified_by TYPE varchar(5)", "phones.verified_by is of"),
        ("ALTER TABLE phones ALTER COLUMN tenant_id TYPE integer", "phones.tenant_id is of"),
        ("ALTER TABLE phones ADD COLUMN a integer NOT NULL", "phones.a must be given"),
        ("ALTER TABLE phones ADD UNIQUE (number_index)", "phones has a new rule"),
        ("ALTER TABLE phones ADD CHECK (verified_by = 'a')", "phones has a new rule"),
        ("CREATE UNIQUE INDEX x ON phones (number_index)", "phones has a new rule"),
    ],
)
def test_the_rule_sees_each_change_that_breaks(engine: Engine, change: str, said: str) -> None:
    """A rule that cannot be broken proves nothing."""
    assert said in " ".join(breaks(*around(engine, change)))


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (id integer PRIMARY KEY)",
        "ALTER TABLE phones ADD COLUMN a integer",
        "ALTER TABLE phones ADD COLUMN a integer NOT NULL DEFAULT 0",
        "ALTER TABLE phones ALTER COLUMN verified_by TYPE varchar(50)",
        "CREATE INDEX x ON phones (created_at)",
    ],
)
def test_the_rule_lets_through_what_only_adds(engine: Engine, change: str) -> None:
    assert list(breaks(*around(engine, change))) == []


def bring_to(engine: Engine, revision: str) -> None:
    config = schema.configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def around(engine: Engine, change: str) -> tuple[dict[str, Table], dict[str, Table]]:
    """All tables before and after a change to the newest ones."""
    bring_to(engine, "head")
    before = tables(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(change)
    return before, tables(engine)


def tables(engine: Engine) -> dict[str, Table]:
    """Of each table its columns, and the rules that a row has to keep."""
    look = inspect(engine)
    return {
        name: {
            "columns": {each["name"]: each for each in look.get_columns(name)},
            "rules": {
                *(
                    ("unique", str(each["column_names"]))
                    for each in look.get_unique_constraints(name)
                ),
                *(
                    ("unique", str(each["column_names"]))
                    for each in look.get_indexes(name)
                    if each["unique"]
                ),
                *(("check", str(each["sqltext"])) for each in look.get_check_constraints(name)),
                *(
                    ("key", str(each["constrained_columns"]))
                    for each in look.get_foreign_keys(name)
                    if each["constrained_columns"]
                ),
            },
        }
        for name in look.get_table_names()
        if name != NOT_OURS
    }


def breaks(before: dict[str, Table], after: dict[str, Table]) -> Iterator[str]:
    """Whatever code that was written for `before` would stumble over in `after`."""
    for name, old in before.items():
        if name not in after:
            yield f"{name} is gone"
            continue
        yield from changed_columns(name, old["columns"], after[name]["columns"])
        yield from new_columns(name, old["columns"], after[name]["columns"])
        new_on_old = {
            rule
            for rule in after[name]["rules"] - old["rules"]
            if rule[0] == "check" or any(f"'{column}'" in rule[1] for column in old["columns"])
        }
        if new_on_old:
            yield f"{name} has a new rule that old code does not keep: {sorted(new_on_old)}"


def changed_columns(name: str, old: Table, new: Table) -> Iterator[str]:
    for column, was in old.items():
        if column not in new:
            yield f"{name}.{column} is gone"
        elif not holds_the_same(was["type"], new[column]["type"]):
            yield f"{name}.{column} is of another type"
        elif was["nullable"] and not new[column]["nullable"]:
            yield f"{name}.{column} must now be given"


def holds_the_same(was: TypeEngine[Any], now: TypeEngine[Any]) -> bool:
    """A longer text breaks nobody; any other change of type might."""
    if isinstance(was, String) and isinstance(now, String) and was.length:
        return now.length is None or now.length >= was.length
    return repr(was) == repr(now)


def new_columns(name: str, old: Table, new: Table) -> Iterator[str]:
    for column, now in new.items():
        if column not in old and not now["nullable"] and now["default"] is None:
            yield f"{name}.{column} must be given, and old code does not know it"
