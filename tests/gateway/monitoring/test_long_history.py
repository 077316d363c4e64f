"""With a long history nothing that operators ask for reads all of it: both databases say so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, event, func, insert, select, text, update

from gateway.cli.request_story import story
from gateway.engine.bookkeeping import keep_books
from gateway.records import (
    AuditEvent,
    Base,
    InboundMessage,
    Organization,
    OutboundMessage,
    Person,
    Request,
    TallyMark,
    schema,
)
from gateway.records.database import Database
from gateway.records.request_pages import Wanted, request_page
from gateway.records.requests import RequestState
from tests.databases import fresh_postgresql
from tests.gateway.monitoring.conftest import TOKEN, Watcher
from tests.world import World

ROWS: Final = 20_000
A_FEW: Final = ROWS // 20
LARGE: Final = ("requests", "outbound_messages", "inbound_messages", "audit_events")
SCAN: Final = re.compile(rf"SCAN ({'|'.join(LARGE)})\b(?!.*USING INDEX uq_requests_alive)")
STEPS_A_ROW: Final = 25


@dataclass
class Reader:
    """Runs statements once more and says how much of the large tables each had to read."""

    database: Database
    seen: list[tuple[str, Any]] = field(default_factory=list)

    def listen(self) -> None:
        event.listen(self.database.engine, "before_cursor_execute", self._note)

    def _note(self, _c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith("SELECT"):
            self.seen.append((statement, parameters))

    def too_much(self) -> list[str]:
        """Statements that read more than a small part; and there were some at all."""
        event.remove(self.database.engine, "before_cursor_execute", self._note)
        assert self.seen
        with self.database.engine.connect() as connection:
            judge = self._scans if connection.dialect.name == "sqlite" else self._rows
            return [fault for each in self.seen for fault in judge(connection, *each)]

    def _scans(self, connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
        """What SQLite means to do, and how many steps it then took."""
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        for row in plan:
            if SCAN.search(row.detail) and "LIMIT" not in statement:
                yield f"{row.detail}: {statement}"
        steps = [0]
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: steps.append(steps.pop() + 100), 100)
        connection.exec_driver_sql(statement, parameters).all()
        driver.set_progress_handler(None, 0)
        if steps[0] > A_FEW * STEPS_A_ROW:
            yield f"{steps[0]} steps: {statement}"

    def _rows(self, connection: Connection, statement: str, parameters: Any) -> Iterator[str]:
        """What PostgreSQL read, also of that which it then left out."""
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        [plan] = connection.exec_driver_sql(explain, parameters).scalar_one()
        for node in nodes(plan["Plan"]):
            read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            if node.get("Relation Name") in LARGE and read * node["Actual Loops"] > A_FEW:
                yield f"{read} rows: {json.dumps(node)}: {statement}"


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def old(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A month of requests, nearly all of them done; a few of a small organization long ago."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('old')}/resetline.db"
        else:
            maintenance_url = request.getfixturevalue("postgresql")
            url = stack.enter_context(fresh_postgresql(maintenance_url, migrate=False))
        database = Database(url)
        stack.callback(database.close)
        schema.upgrade(database.engine)
        world = World(url)
        stack.callback(world.close)
        fill(world)
        yield world


@pytest.fixture
def watcher(old: World) -> Iterator[Watcher]:
    watcher = Watcher(old, metrics_token=SecretStr(TOKEN))
    yield watcher
    watcher.close()


def fill(world: World) -> None:
    now = world.clock()
    with world.database.transaction() as session:
        tiny = Organization(tenant_id=1, slug="tiny", name="Tiny", support="", created_at=now)
        session.add(tiny)
        session.flush()
        ids = {
            "tiny": tiny.id,
            "organization": session.scalars(select(func.min(Organization.id))).one(),
            "person": session.scalars(select(func.min(Person.id))).one(),
        }
        for model, rows in history(now, ids).items():
            session.execute(insert(model), rows)
        session.execute(update(TallyMark).values(upto=5 * ROWS - 100))
    with world.database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def tiny(world: World) -> int:
    with world.database.reading() as session:
        return session.scalars(select(Organization.id).where(Organization.slug == "tiny")).one()


def history(now: datetime, ids: Mapping[str, int]) -> Mapping[type[Base], Sequence[Any]]:
    times = [now - timedelta(days=30) * (1 - number / ROWS) for number in range(ROWS)]
    return {
        Request: [a_request(n, at, ids) for n, at in enumerate(times, 1)],
        InboundMessage: [
            {"sid": f"SM{n}", "received_at": at, "number_index": "x", "outcome": "opened",
             "request_id": n}
            for n, at in enumerate(times, 1)
        ],
        OutboundMessage: [a_text(n, at) for n, at in enumerate(times, 1)],
        AuditEvent: [
            {"at": at, "event": what, "mode": "sms", "reason": str(n % 7), "request_id": n}
            for n, at in enumerate(times, 1)
            for what in ("request:opened", "password:reset:succeeded", "reply:accepted",
                         "reply:delivered", "reply:redacted")
        ],
    }  # fmt: skip


def a_request(number: int, at: datetime, ids: Mapping[str, int]) -> dict[str, Any]:
    ends = {0: "undelivered", 1: "failed", 2: "sent"}
    waits = number == ROWS
    return {
        "id": number,
        "tenant_id": 1,
        "organization_id": ids["tiny"] if number in (5, 6, 7) else ids["organization"],
        "person_id": ids["person"],
        "phone_id": 1,
        "sender": "+12025550100",
        "action": "reset",
        "state": "queued" if waits else ends.get(number % 200, "done"),
        "ring_at": at if waits else None,
        "created_at": at,
        "changed_at": at + timedelta(seconds=3),
    }


def a_text(number: int, at: datetime) -> dict[str, Any]:
    waits = number == ROWS
    return {
        "id": number,
        "tenant_id": 1,
        "phone_id": 1,
        "request_id": number,
        "template": "reset_done",
        "language": "en",
        "facts": {},
        "sender": "+12025550100",
        "state": "waiting" if waits else "delivered",
        "ring_at": at if waits else None,
        "redact_at": at if number in (9, 10) else None,
        "redacted_at": None if number in (9, 10) or waits else at,
        "expires_at": at,
        "created_at": at,
        "accepted_at": None if waits else at,
    }


def test_figures_read_only_what_is_recent_or_waits(old: World, watcher: Watcher) -> None:
    reader = Reader(watcher.gateway.database)
    reader.listen()
    figures = watcher.scrape()
    watcher.ready()
    assert reader.too_much() == []
    assert figures["resetline_unredacted_texts"] == 2
    assert figures["resetline_queue_depth{interactive}"] == 2
    assert figures["resetline_requests{reset,done}"] > 10


def test_summing_up_reads_only_what_is_new(old: World) -> None:
    reader = Reader(old.database)
    reader.listen()
    old.clock.forward(120)
    keep_books(old.database, old.clock())
    assert reader.too_much() == []


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"before_id": ROWS // 2},
        {"state": RequestState.DONE},
        {"state": RequestState.UNDELIVERED},
        {"tiny": True},
        {"days": 1},
        {"days": 20},
        {"days": 20, "state": RequestState.FAILED, "tiny": True},
        {"stuck": True},
    ],
    ids=str,
)
def test_a_page_of_requests_reads_little_more_than_itself(
    old: World, wanted: dict[str, Any]
) -> None:
    now, asked = old.clock(), dict(wanted)
    if days := asked.pop("days", None):
        asked["since"] = now - timedelta(days=days)
    if asked.pop("stuck", None):
        asked["waits_since"] = now - timedelta(seconds=60)
    if asked.pop("tiny", None):
        asked["organization_id"] = tiny(old)
    reader = Reader(old.database)
    reader.listen()
    with old.database.reading() as session:
        request_page(session, Wanted(**asked), 50)
    assert reader.too_much() == []


def test_the_story_of_a_request_reads_only_its_own_rows(old: World) -> None:
    reader = Reader(old.database)
    reader.listen()
    with old.database.reading() as session:
        told = story(session, session.get_one(Request, 7), old.seal)
    assert reader.too_much() == []
    assert len(told["timeline"]) == 7
