"""A worker on a real Redis: it runs our jobs, whatever else somebody puts onto the queue."""

from __future__ import annotations

import json
import pickle
import signal
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from gateway.engine import worker as worker_module
from gateway.engine.doorbell import FORGET_RING_SECONDS, JobName, QueueName, RqDoorbell
from gateway.engine.worker import DoorbellWorker, build
from tests.redis_server import RedisServer

QUEUE = b"rq:queue:interactive"


class Ran:
    """Our functions, which remember the ids that they were called with."""

    def __init__(self) -> None:
        self.ids: list[int] = []

    def functions(self) -> dict[JobName, Any]:
        return dict.fromkeys(JobName, self.ids.append)


@pytest.fixture
def ran() -> Ran:
    return Ran()


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    with redis_server.client() as client:
        yield client


@pytest.fixture
def doorbell(redis_server: RedisServer) -> Iterator[RqDoorbell]:
    doorbell = RqDoorbell(redis_server.url, time.monotonic)
    yield doorbell
    doorbell.close()


@pytest.fixture
def worker(redis_server: RedisServer, ran: Ran) -> Iterator[DoorbellWorker]:
    handlers = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    worker = build(redis_server.url, QueueName.INTERACTIVE, ran.functions())
    yield worker
    worker.connection.close()
    for number, handler in handlers:
        signal.signal(number, handler)


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A file that exists as soon as any of the forged jobs has run."""
    return tmp_path / "trap"


def test_a_job_that_was_rung_for_runs_once_and_leaves_nothing_in_redis(
    worker: DoorbellWorker, doorbell: RqDoorbell, ran: Ran, redis: Redis
) -> None:
    assert doorbell.ring(JobName.PERFORM, 7)
    worker.work(burst=True)
    worker.work(burst=True)
    assert ran.ids == [7]
    assert _keys(redis, b"rq:job:*", b"rq:results:*", b"rq:finished:*", b"rq:wip:*", QUEUE) == []


def test_a_worker_takes_from_its_own_queue_only(
    worker: DoorbellWorker, doorbell: RqDoorbell, ran: Ran
) -> None:
    doorbell.ring(JobName.REDACT, 7)
    worker.work(burst=True)
    assert ran.ids == []
    assert worker.queue_names() == ["interactive"]


def test_what_stands_in_redis_about_a_job_is_a_name_and_an_id(
    doorbell: RqDoorbell, redis: Redis
) -> None:
    doorbell.ring(JobName.PERFORM, 7)
    (job,) = _keys(redis, b"rq:job:*")
    row: Any = redis.hgetall(job)
    assert json.loads(zlib.decompress(row[b"data"])) == ["perform", None, [7], {}]
    assert row[b"description"] == b"perform"


def _forged(trap: Path) -> dict[str, dict[Any, Any]]:
    """Rows that would run a program in an ordinary RQ worker, and rows that would stop one."""
    shell = f"touch {trap}"
    ours = _packed(["perform", None, [1], {}])

    class Payload:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            import os

            return os.system, (shell,)

    webhook = [{"url": "http://127.0.0.1:1/", "job_status": "finished"}]
    return {
        "a program with arguments": {"data": _packed(["os.system", None, [shell], {}])},
        "a method of an instance": {"data": _packed(["perform", {"x": 1}, [1], {}])},
        "a method of a text": {"data": _packed(["format", "{}", [1], {}])},
        "keyword arguments": {"data": _packed(["perform", None, [], {"row_id": 1}])},
        "both kinds of arguments": {"data": _packed(["perform", None, [1], {"x": shell}])},
        "two ids": {"data": _packed(["perform", None, [1, 2], {}])},
        "an id that is text": {"data": _packed(["perform", None, ["1"], {}])},
        "an id that is true": {"data": _packed(["perform", None, [True], {}])},
        "an id that is too large": {"data": _packed(["perform", None, [2**63], {}])},
        "an unknown name": {"data": _packed(["perform2", None, [1], {}])},
        "a name that is a list": {"data": _packed([["perform"], None, [1], {}])},
        "pickled data": {"data": zlib.compress(pickle.dumps(Payload()))},
        "pickled data, not packed": {"data": pickle.dumps(Payload())},
        "data that swells": {"data": zlib.compress(b"[" * 50_000_000)},
        "a job of ours that swells": {"data": _packed(["perform", None, [2], {}], b" " * 10_000)},
        "data that is no list": {"data": _packed(7)},
        "data that is not text": {"data": zlib.compress(b"\xff\xfe")},
        "no data": {"description": "perform"},
        "pickled meta": {"data": _packed(["no", None, [1], {}]), "meta": pickle.dumps(Payload())},
        "a webhook": {"data": _packed(["no", None, [1], {}]), "webhooks": json.dumps(webhook)},
        "no known state": {"data": _packed(["no", None, [1], {}]), "status": "sideways"},
        "not a name, but a callback": {"data": ours, "success_callback_name": "os.system"},
    }


def _packed(data: Any, padding: bytes = b"") -> bytes:
    return zlib.compress(padding + json.dumps(data).encode())


OURS_BUT_BENT: dict[str, dict[Any, Any]] = {
    "a success callback": {"success_callback_name": "os.system"},
    "a failure callback": {"failure_callback_name": "os.system"},
    "a stopped callback": {"stopped_callback_name": "os.system"},
    "a webhook": {"webhooks": '[{"url": "http://127.0.0.1:1/", "job_status": "finished"}]'},
    "a bad timeout": {"timeout": "a while"},
    "no time at all": {"timeout": "-5"},
    "a bad result_ttl": {"result_ttl": "long"},
    "a result kept for ever": {"result_ttl": "-1"},
    "a bad failure_ttl": {"failure_ttl": "\xff"},
    "retries": {"retries_left": "9", "retry_intervals": "[0]"},
    "repeats": {"repeats_left": "9", "repeat_intervals": "[0]"},
    "a bad date": {"created_at": "yesterday"},
    "a bad state": {"status": "sideways"},
    "a foreign origin": {"origin": "another queue"},
    "bad dependencies": {"dependency_ids": "{"},
    "a group": {"group_id": "group"},
    "a rate limit": {"rate_limit_key": "key", "rate_limit_concurrency": "x"},
    "a bad meta": {"meta": b"\x80"},
}


def test_none_of_the_forged_jobs_runs_and_the_worker_lives(
    worker: DoorbellWorker, doorbell: RqDoorbell, ran: Ran, redis: Redis, trap: Path
) -> None:
    for number, row in enumerate(_forged(trap).values()):
        redis.hset(f"rq:job:forged-{number}", mapping=row)
        redis.rpush(QUEUE, f"forged-{number}")
    doorbell.ring(JobName.PERFORM, 7)
    worker.work(burst=True)
    assert ran.ids == [1, 7]  # the last of the forged ones is ours, with a callback tied to it
    assert not trap.exists()
    assert _keys(redis, b"rq:failed:*", b"rq:results:*", b"rq:finished:*", QUEUE) == []


@pytest.mark.parametrize("bent", OURS_BUT_BENT.values(), ids=OURS_BUT_BENT)
def test_nothing_but_name_and_id_is_believed_of_a_job(
    worker: DoorbellWorker, doorbell: RqDoorbell, ran: Ran, redis: Redis, bent: dict[Any, Any]
) -> None:
    doorbell.ring(JobName.PERFORM, 7)
    (job,) = _keys(redis, b"rq:job:*")
    redis.hset(job, mapping=bent)
    doorbell.ring(JobName.PERFORM, 8)
    worker.work(burst=True)
    assert ran.ids == [7, 8]
    assert _keys(redis, b"rq:job:*", b"rq:results:*", b"rq:finished:*", QUEUE) == []


@pytest.mark.parametrize("name", ["", "not a name!", "..", "a:b", "ü".encode(), b"\xff\xfe"])
def test_an_entry_that_is_not_the_name_of_a_job_is_passed_over(
    worker: DoorbellWorker, doorbell: RqDoorbell, ran: Ran, redis: Redis, name: str | bytes
) -> None:
    redis.rpush(QUEUE, name)
    doorbell.ring(JobName.PERFORM, 7)
    worker.work(burst=True)
    assert ran.ids == [7]


def test_a_job_that_is_something_else_in_redis_is_passed_over(
    worker: DoorbellWorker, doorbell: RqDoorbell, ran: Ran, redis: Redis
) -> None:
    redis.set("rq:job:a-text", "x")
    redis.rpush(QUEUE, "a-text")
    doorbell.ring(JobName.PERFORM, 7)
    worker.work(burst=True)
    assert ran.ids == [7]


def test_dependents_are_not_run_and_stop_nothing(
    worker: DoorbellWorker, doorbell: RqDoorbell, ran: Ran, redis: Redis, trap: Path
) -> None:
    doorbell.ring(JobName.PERFORM, 7)
    (job,) = _keys(redis, b"rq:job:*")
    redis.hset("rq:job:next", mapping={"data": _packed(["os.system", None, [f"touch {trap}"], {}])})
    redis.sadd(job + b":dependents", "next")
    doorbell.ring(JobName.PERFORM, 8)
    worker.work(burst=True)
    worker.work(burst=True)
    assert ran.ids == [7, 8]
    assert not trap.exists()


def test_a_command_by_publication_does_not_reach_a_worker(
    worker: DoorbellWorker, redis: Redis
) -> None:
    worker.bootstrap()
    assert redis.publish(f"rq:pubsub:{worker.name}", json.dumps({"command": "shutdown"})) == 0
    worker.teardown()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("entry", [b"\xff", b"not a name!", b"killed:1"])
def test_housekeeping_lets_go_of_whatever_a_dead_worker_or_a_forger_left(
    worker: DoorbellWorker, redis: Redis, entry: bytes
) -> None:
    redis.rpush("rq:queue:interactive:intermediate", entry)
    redis.zadd("rq:wip:interactive", {entry: 1})
    worker.clean_registries()
    assert _keys(redis, b"rq:wip:*", b"rq:queue:interactive:intermediate") == []


def test_housekeeping_survives_keys_of_another_kind(worker: DoorbellWorker, redis: Redis) -> None:
    for key in ("rq:wip:interactive", "rq:failed:interactive", "rq:groups"):
        redis.set(key, "x")
    worker.run_maintenance_tasks()  # type: ignore[no-untyped-call]
    assert _keys(redis, b"rq:wip:*", b"rq:failed:*") == []


def test_the_row_of_a_job_whose_worker_was_killed_expires_by_itself(
    worker: DoorbellWorker, doorbell: RqDoorbell, redis: Redis
) -> None:
    """Taken from the queue and never finished: nobody else would ever look at it again."""
    doorbell.ring(JobName.PERFORM, 7)
    assert worker.dequeue_job_and_maintain_ttl(1) is not None
    (job,) = _keys(redis, b"rq:job:*")
    assert 0 < redis.ttl(job) <= FORGET_RING_SECONDS


def test_a_worker_asks_for_its_next_job_often_enough_to_keep_house(
    worker: DoorbellWorker,
) -> None:
    assert worker_module.WORKER_TTL_SECONDS <= 30
    assert worker_module.MAINTENANCE_SECONDS <= 15
    assert worker.dequeue_timeout <= 15


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["perform", "deliver"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary() | JSON.map(_packed) | st.lists(JSON, min_size=4, max_size=4).map(_packed))
def test_whatever_the_data_is_only_our_functions_with_one_id_are_read_from_it(data: bytes) -> None:
    name, row_id = worker_module._read({b"data": data})
    assert isinstance(name, str)
    assert row_id is None or 0 < row_id < 2**63


def _keys(redis: Redis, *patterns: bytes) -> list[bytes]:
    found: Any = [redis.keys(pattern) for pattern in patterns]
    return sorted(key for keys in found for key in keys)


def test_a_worker_that_loses_redis_in_the_middle_of_a_job_does_not_end(
    redis_server: RedisServer, worker: DoorbellWorker, doorbell: RqDoorbell, ran: Ran
) -> None:
    """As when the primary is killed: the job is done, and the wait for the next one is patient."""
    doorbell.ring(JobName.PERFORM, 7)
    taken = worker.dequeue_job_and_maintain_ttl(1)
    assert taken is not None
    redis_server.stop()
    worker.last_heartbeat = None
    worker.execute_job(*taken)
    worker.heartbeat()
    assert ran.ids == [7]
