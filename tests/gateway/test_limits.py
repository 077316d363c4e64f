"""Limits: as many as there is room for, over all processes, and no where nobody can count."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits.strategies import MovingWindowRateLimiter

from gateway.limits import (
    PREFIX,
    QUIET_SECONDS,
    Allowed,
    CannotSay,
    Exceeded,
    Limit,
    Limits,
    RedisLimits,
)
from tests.fakes import FakeClock, FakeLimits
from tests.redis_sentinels import watched
from tests.redis_server import RedisServer, redis_server

__all__ = ["redis_server"]

TEN = Limit("ten", 10, 60)
ONE = Limit("one", 1, 3600)


class LimitsContract:
    """What counting in Redis and counting in a test have in common."""

    def test_there_is_room_for_as_many_and_no_more(self, limits: Limits) -> None:
        verdicts = [limits.take(TEN, "key") for _ in range(12)]
        assert verdicts[:10] == [Allowed()] * 10
        assert all(isinstance(each, Exceeded) for each in verdicts[10:])

    def test_each_key_and_each_limit_has_room_of_its_own(self, limits: Limits) -> None:
        assert limits.take(ONE, "one") == Allowed()
        assert limits.take(ONE, "other") == Allowed()
        assert limits.take(TEN, "one") == Allowed()
        assert isinstance(limits.take(ONE, "one"), Exceeded)

    def test_it_is_told_when_there_is_room_again_and_who_was_first(self, limits: Limits) -> None:
        limits.take(ONE, "key")
        first, second = limits.take(ONE, "key"), limits.take(ONE, "key")
        assert isinstance(first, Exceeded)
        assert isinstance(second, Exceeded)
        assert (first.is_first, second.is_first) == (True, False)
        assert 3595 <= first.retry_after_seconds <= 3600

    def test_where_there_is_no_room_at_all_nobody_gets_any(self, limits: Limits) -> None:
        none = Limit("none", 0, 60)
        verdict = limits.take(none, "key")
        assert isinstance(verdict, Exceeded)
        assert verdict.limit == none


class TestInMemory(LimitsContract):
    @pytest.fixture
    def limits(self) -> Limits:
        return FakeLimits(FakeClock())

    @given(gaps=st.lists(st.floats(0, 120), max_size=60))
    def test_no_span_of_a_minute_ever_has_more_than_ten(self, gaps: list[float]) -> None:
        clock = FakeClock()
        limits, taken = FakeLimits(clock), []
        for gap in gaps:
            clock.forward(gap)
            if limits.take(TEN, "key") == Allowed():
                taken.append(clock().timestamp())
        assert all(sum(begin <= each < begin + 60 for each in taken) <= 10 for begin in taken)


class TestInRedis(LimitsContract):
    @pytest.fixture
    def limits(self, redis_server: RedisServer) -> Limits:
        with redis_server.client() as client:
            client.flushdb()
        return RedisLimits(redis_server.url)

    def test_of_many_threads_and_processes_exactly_ten_get_room(
        self, limits: Limits, redis_server: RedisServer
    ) -> None:
        with ThreadPoolExecutor(8) as pool:
            mine = sum(pool.map(lambda _: limits.take(TEN, "key") == Allowed(), range(30)))
        context = multiprocessing.get_context("spawn")
        with context.Pool(2) as processes:
            theirs = sum(processes.map(_takes_five, [redis_server.url] * 4))
        assert (mine, theirs) == (10, 10)

    def test_what_is_counted_ends_by_itself_and_stands_under_our_prefix(
        self, limits: Limits, redis_server: RedisServer
    ) -> None:
        limits.take(ONE, "key")
        limits.take(ONE, "key")
        with redis_server.client() as client:
            keys = [key.decode() for key in client.keys("*")]
            assert keys
            assert all(key.startswith(PREFIX) for key in keys)
            assert all(0 < client.ttl(key) <= 3600 + 60 for key in keys)

    def test_without_redis_the_answer_is_no_at_once_until_it_is_back(
        self, redis_server: RedisServer
    ) -> None:
        now = [0.0]
        limits = RedisLimits(redis_server.url, lambda: now[0])
        assert limits.take(TEN, "key") == Allowed()
        redis_server.stop()
        assert limits.take(TEN, "key") == CannotSay()
        redis_server.start()
        assert limits.take(TEN, "key") == CannotSay()
        now[0] += QUIET_SECONDS
        assert limits.take(TEN, "key") == Allowed()


def test_they_are_counted_by_the_primary_that_sentinels_name() -> None:
    with watched() as redis:
        limits = RedisLimits(redis.url)
        verdicts = [limits.take(TEN, "key") for _ in range(11)]
        assert verdicts[:10] == [Allowed()] * 10
        assert isinstance(verdicts[10], Exceeded)


def test_nobody_listens_at_all() -> None:
    limits = RedisLimits("redis://127.0.0.1:1/0")
    began = time.monotonic()
    assert [limits.take(TEN, "key") for _ in range(50)] == [CannotSay()] * 50
    assert time.monotonic() - began < 5


def _takes_five(url: str) -> int:
    limits = RedisLimits(url)
    take: Callable[[int], bool] = lambda _: limits.take(TEN, "processes") == Allowed()  # noqa: E731
    return sum(map(take, range(5)))


@pytest.mark.parametrize("error", [ValueError, AttributeError, OSError])
def test_whatever_the_client_meets_at_a_failover_is_a_no(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Another thread has closed the connection that it reads from."""
    limits = RedisLimits("redis://127.0.0.1:1/0")

    def closed(*_: object, **_more: object) -> None:
        raise error("closed meanwhile")

    monkeypatch.setattr(MovingWindowRateLimiter, "hit", closed)
    assert limits.take(TEN, "key") == CannotSay()
