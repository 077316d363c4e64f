"""Limits that hold over all processes: counted in Redis at once, and no where it cannot say."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import RedisError

from gateway import redis_address

log = structlog.get_logger()

PREFIX: Final = "resetline:limits"
REDIS_SECONDS: Final = 0.25
QUIET_SECONDS: Final = 5.0
"""After a failure nobody waits for Redis again for this long: the answer is no at once."""

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in any span of so many seconds, for each key."""

    name: str
    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Allowed:
    """It was counted, and there was room."""


@dataclass(frozen=True, slots=True)
class Exceeded:
    """There was no room, and it was not counted."""

    limit: Limit
    retry_after_seconds: int
    is_first: bool
    """Nobody has been refused for this limit and key in this span before: it is worth a word."""


@dataclass(frozen=True, slots=True)
class CannotSay:
    """Nobody can count just now. Whoever asks has to take it for a no."""


Verdict = Allowed | Exceeded | CannotSay


class Limits(Protocol):
    """A key is an id or a keyed hash: never a number, a name or an address in clear."""

    def take(self, limit: Limit, key: str) -> Verdict:
        """Count one, if there is room. Of any number at once no more get it than there is room."""
        ...


class RedisLimits:
    """Counts in Redis by the scripts of the `limits` library, which are atomic there."""

    def __init__(self, redis_url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        client = redis_address.client(
            redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
        )
        storage = RedisStorage(
            "redis://", client.connection_pool, key_prefix=PREFIX, wrap_exceptions=True
        )
        self._window = MovingWindowRateLimiter(storage)
        self._monotonic = monotonic
        self._quiet_until = 0.0

    def take(self, limit: Limit, key: str) -> Verdict:
        if self._monotonic() < self._quiet_until:
            return CannotSay()
        try:
            return self._counted(limit, key)
        except (StorageError, RedisError) as error:
            self._quiet_until = self._monotonic() + QUIET_SECONDS
            log.warning("limits.cannot_count", limit=limit.name, error=type(error).__name__)
            return CannotSay()

    def _counted(self, limit: Limit, key: str) -> Verdict:
        if limit.count < 1:
            return Exceeded(limit, limit.seconds, self._is_first(limit, key))
        item = RateLimitItemPerSecond(limit.count, limit.seconds)
        if self._window.hit(item, limit.name, key):
            return Allowed()
        reset = self._window.get_window_stats(item, limit.name, key).reset_time
        retry = max(1, min(limit.seconds, round(reset - time.time())))
        return Exceeded(limit, retry, self._is_first(limit, key))

    def _is_first(self, limit: Limit, key: str) -> bool:
        once = RateLimitItemPerSecond(1, limit.seconds)
        return self._window.hit(once, "told", limit.name, key)
