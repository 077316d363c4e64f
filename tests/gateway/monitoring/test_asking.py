"""Who is told the figures, and that asking for them holds nobody up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from gateway.records.database import Database, DatabaseUnavailable
from tests.gateway.monitoring.conftest import TOKEN, Watcher
from tests.redis_server import running
from tests.world import World


@pytest.fixture
def open_house(world: World) -> Iterator[Watcher]:
    """A web process without METRICS_TOKEN."""
    watcher = Watcher(world)
    yield watcher
    watcher.close()


@pytest.mark.parametrize("caller", ["127.0.0.1", "::1", "127.9.9.9"])
def test_without_a_token_this_machine_may_ask(open_house: Watcher, caller: str) -> None:
    answer = open_house.client.get("/metrics", environ_base={"REMOTE_ADDR": caller})
    assert answer.status_code == 200


@pytest.mark.parametrize("caller", ["192.0.2.7", "10.0.0.1", "2001:db8::1", "", "unix:"])
def test_without_a_token_no_other_machine_may_ask(open_house: Watcher, caller: str) -> None:
    answer = open_house.client.get("/metrics", environ_base={"REMOTE_ADDR": caller})
    assert answer.status_code == 403
    assert "set METRICS_TOKEN to ask from another machine" in answer.text
    assert "resetline_" not in answer.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_a_proxy_on_this_machine_asks_for_somebody_else(open_house: Watcher, header: str) -> None:
    answer = open_house.client.get("/metrics", headers={header: "192.0.2.7"})
    assert answer.status_code == 403


def test_with_a_token_whoever_has_it_may_ask_from_anywhere(world: World) -> None:
    watcher = Watcher(world, metrics_token=SecretStr(TOKEN))
    far = {"REMOTE_ADDR": "192.0.2.7"}
    wanted = {"Authorization": f"Bearer {TOKEN}"}
    assert watcher.client.get("/metrics", environ_base=far, headers=wanted).status_code == 200
    assert watcher.client.get("/metrics", environ_base=far).status_code == 401
    assert watcher.client.get("/metrics").status_code == 401
    watcher.close()


def test_asking_waits_for_nobody_who_writes_and_holds_up_nobody(
    world_anywhere: World, watcher: Watcher
) -> None:
    """SQLite has one writer at a time, so whoever only reads must not be one."""
    with world_anywhere.database.transaction() as session:
        session.execute(text("UPDATE people SET display_name = 'X'"))
        assert watcher.scrape()["resetline_ready{database}"] == 1
        assert watcher.ready()["database"] == "ok"
    with watcher.gateway.database.reading() as session:
        session.execute(text("SELECT count(*) FROM people"))
        world_anywhere.text("RESET")
    assert len(world_anywhere.requests()) == 1


def test_reading_sees_only_what_was_committed(world_anywhere: World) -> None:
    with world_anywhere.database.transaction() as session:
        session.execute(text("UPDATE people SET display_name = 'X'"))
        with world_anywhere.database.reading() as reader:
            names = reader.execute(text("SELECT DISTINCT display_name FROM people")).scalars().all()
    assert names == [""]


def test_a_database_that_is_away_is_said_and_not_a_fault(world: World) -> None:
    watcher = Watcher(world, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    answer = watcher.client.get("/metrics")
    assert answer.status_code == 200
    assert 'resetline_ready{part="database"} 0.0' in answer.text
    assert watcher.client.get("/readyz").status_code == 503
    with pytest.raises(DatabaseUnavailable), watcher.gateway.database.reading() as session:
        session.execute(text("SELECT 1"))
    watcher.close()


def test_a_database_that_is_not_migrated_is_not_ready(world: World) -> None:
    with Database(world.database_url).transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    watcher = Watcher(world)
    assert watcher.ready()["database"] == "needs `resetline db upgrade`"
    assert watcher.scrape() == {"resetline_ready{database}": 0, "resetline_ready{redis}": 0}
    watcher.close()


def test_a_redis_that_answers_is_ready(world: World) -> None:
    with running() as server:
        watcher = Watcher(world, redis_url=server.url)
        assert watcher.scrape()["resetline_ready{redis}"] == 1
        world.sweeps.run()
        assert watcher.ready()["status"] == "ready"
    assert watcher.ready()["status"] == "degraded"
    watcher.close()
