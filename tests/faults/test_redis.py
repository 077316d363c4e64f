"""Redis rings and counts: without it the clock finds who waits, but nobody is helped uncounted."""

from __future__ import annotations

import time

from gateway.engine.doorbell import JobName, RqDoorbell
from simulator.active_directory import Kind
from tests.faults.invariants import OLD_PASSWORD
from tests.faults.row import Row, Somebody
from tests.installation import wait_for

WEBHOOK_WITHIN_SECONDS = 2.0


def test_redis_is_stopped(row: Row) -> None:
    """Redis is stopped: the clock tells whoever waits to call."""
    person, row.rings = row.somebody(), False
    row.site.installation.redis.stop()
    row.text(person)
    nobody_is_helped(row, person)


def test_redis_is_stopped_for_a_while(row: Row) -> None:
    """Redis is stopped and is back within the minute that people wait for it."""
    person, row.rings = row.somebody(), False
    row.site.installation.redis.stop()
    row.text(person)
    wait_for(lambda: row.site.installation.requests(person.username)[-1].reason == "uncounted")
    row.site.installation.redis.start()
    row.ends()


def test_redis_comes_back_empty(row: Row) -> None:
    """Redis is restarted and has forgotten every ring."""
    person, row.rings = row.somebody(), False
    row.site.installation.worker.kill()
    row.text(person)
    row.site.installation.redis.stop()
    row.site.installation.redis.start()
    row.ends()


def test_redis_is_out_of_memory(row: Row) -> None:
    """Redis is out of memory and refuses every ring."""
    person = row.somebody()
    with row.site.installation.redis.client() as redis:
        redis.config_set("maxmemory", "1")
        try:
            row.text(person)
            nobody_is_helped(row, person)
        finally:
            redis.config_set("maxmemory", "0")


def test_redis_is_slow(row: Row) -> None:
    """Redis takes two seconds for each answer."""
    person = row.somebody()
    for line in row.site.redis_lines.values():
        line.delay(2)
    began = time.monotonic()
    assert row.post(person) == 200
    assert time.monotonic() - began < WEBHOOK_WITHIN_SECONDS
    row.ends()


def test_redis_says_nothing(row: Row) -> None:
    """Redis accepts connections and never answers."""
    person = row.somebody()
    for line in row.site.redis_lines.values():
        line.hang()
    began = time.monotonic()
    assert row.post(person) == 200
    assert time.monotonic() - began < WEBHOOK_WITHIN_SECONDS
    nobody_is_helped(row, person)


def test_redis_would_evict_what_it_was_told(row: Row) -> None:
    """Redis is set up to evict what it was told: workers refuse to start."""
    person, installation = row.somebody(), row.site.installation
    installation.worker.kill()
    with installation.redis.client() as redis:
        redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            row.text(person)
            refused = installation.resetline("worker", check=False)
        finally:
            redis.config_set("maxmemory-policy", "noeviction")
    assert refused.returncode == 1
    assert "set `maxmemory-policy noeviction`" in refused.stderr
    row.ends()


def test_redis_is_restarted_under_a_busy_worker(row: Row) -> None:
    """Redis is restarted while a worker is at work."""
    person, server = row.somebody(), row.site.office.server
    server.forget_operations()
    server.faults.drip(octets=20, pause_seconds=0.01)
    row.text(person)
    wait_for(lambda: server.count(Kind.SEARCH) > 0)
    row.site.installation.redis.stop()
    row.site.installation.redis.start()
    row.ends()
    assert len(row.saw(person)) == 1


def test_a_job_that_has_succeeded_is_run_again(row: Row) -> None:
    """The queue hands out a job again that has succeeded."""
    person = row.somebody()
    row.text(person)
    row.settles()
    [request] = row.site.installation.requests(person.username)
    row.site.office.server.forget_operations()
    ring_often(row, request.id, times=5)
    wait_for(lambda: queue_is_empty(row))
    row.ends()
    assert row.site.office.server.count(Kind.MODIFY) == 0
    assert len(row.saw(person)) == 1


def nobody_is_helped(row: Row, person: Somebody) -> None:
    """Once they have waited for a minute, while the fault still stands."""
    wait_for(lambda: row.site.installation.requests(person.username))
    row.site.age([person.username], seconds=61)
    row.settles("failed")
    row.ends("failed")
    [request] = row.site.installation.requests(person.username)
    assert request.reason == "cannot_count"
    assert "Nothing was changed" in row.saw(person)[-1]
    assert row.site.office.domain.accepts(person.username, OLD_PASSWORD)


def ring_often(row: Row, request_id: int, *, times: int) -> None:
    doorbell = RqDoorbell(row.site.installation.redis.url, time.monotonic)
    for _ in range(times):
        assert doorbell.ring(JobName.PERFORM, request_id)
    doorbell.close()


def queue_is_empty(row: Row) -> bool:
    with row.site.installation.redis.client() as redis:
        return not redis.exists("rq:queue:interactive")
