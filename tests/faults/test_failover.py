"""Redis' primary and PostgreSQL's primary are killed while texts come in, and others take over."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgresql_server
from tests.databases import fresh_postgresql, postgresql, skip
from tests.installation import wait_for
from tests.postgresql_pair import Pair, replicated
from tests.redis_sentinels import WatchedRedis, watched

from .crowd import NO_ANSWER, people
from .hosts import Hosts, running_on, said

__all__ = ["postgresql"]

OUTAGE_SECONDS = 4.0
"""So long nobody takes writes: enough for texts to be turned away."""


@pytest.fixture
def mended() -> None:
    """Nothing is shared with another test here, so nothing has to be mended."""


@pytest.fixture
def redis() -> Iterator[WatchedRedis]:
    with watched() as redis:
        yield redis


@pytest.fixture
def pair() -> Iterator[Pair]:
    if reason := postgresql_server.missing():
        skip(reason)
    with replicated() as pair:
        yield pair


def went_on_by_themselves(hosts: Hosts, pids: list[int | None]) -> None:
    """Nobody has restarted anything, no supervisor either."""
    assert hosts.pids() == pids
    assert None not in pids
    assert not any(said(host.worker, "worker.died") for host in hosts.hosts)


def test_the_redis_primary_is_killed_while_texts_come_in(
    redis: WatchedRedis, postgresql: str, tmp_path: Path
) -> None:
    """The Redis primary is killed while texts come in: each person gets one password, once."""
    with (
        fresh_postgresql(postgresql) as url,
        running_on(["a", "b"], tmp_path, url, people(15), REDIS_URL=redis.url) as hosts,
    ):
        pids = hosts.pids()
        with hosts.crowd.texting(every_seconds=0.3):
            hosts.crowd.wait_until(4)
            redis.primary.stop()
        hosts.crowd.ends_well()
        assert redis.primary_port() == redis.replica.port
        assert set(hosts.crowd.statuses) == {200}, "a text needs no Redis to be taken"
        went_on_by_themselves(hosts, pids)
        the_doorbell_rings_again(hosts, redis)


def the_doorbell_rings_again(hosts: Hosts, redis: WatchedRedis) -> None:
    """With no clock left, whatever is answered was rung for at the new primary."""
    for host in hosts.hosts:
        host.clock.kill()
    number = hosts.crowd.numbers[hosts.crowd.usernames[0]]
    wait_for(lambda: redis_is_well(hosts))
    hosts.installation.text("RESET", number)
    hosts.installation.answer(number, after=1, seconds=20)


def redis_is_well(hosts: Hosts) -> bool:
    with urllib.request.urlopen(hosts.installation.url + "/readyz", timeout=5) as answer:
        return bool(json.load(answer)["redis"] == "ok")


def test_the_postgresql_primary_is_killed_while_texts_come_in(pair: Pair, tmp_path: Path) -> None:
    """The PostgreSQL primary is killed while texts come in: Twilio is told to try again, and each
    person gets one password."""
    with running_on(["a", "b"], tmp_path, pair.url, people(20)) as hosts:
        pids = hosts.pids()
        with hosts.crowd.texting(every_seconds=0.3):
            hosts.crowd.wait_until(6)
            pair.primary.kill()
            time.sleep(OUTAGE_SECONDS)
            pair.standby.promote()
        assert hosts.crowd.statuses[503] > 0, "nobody was turned away: was there an outage at all?"
        assert set(hosts.crowd.statuses) <= {200, 503}
        hosts.crowd.ends_well(most_texts=2)
        assert hosts.crowd.statuses[NO_ANSWER] == 0
        went_on_by_themselves(hosts, pids)
