"""Limits that hold over all processes: counted in Redis at once, and no where it cannot say."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import structlog
from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter

from gateway import redis_address

log = structlog.get_logger()

PREFIX: Final = "resetline:limits"
REDIS_SECONDS: Final = 0.25
QUIET_SECONDS: Final = 5.0
"""After a failure nobody waits for Redis again for this long: the answer is no at once."""

MINUTE, HOUR, DAY = 60, 3600, 86400

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in any span of so many seconds, for each key.

    A `fixed` one keeps a mere number until its key is no longer asked for, so that it may be large:
    the span, a month say, is then part of the key, and `seconds` is how long it is remembered.
    """

    name: str
    count: int
    seconds: int
    fixed: bool = False


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

    def has_room(self, limit: Limit, key: str) -> bool:
        """Whether one more could be counted. No where nobody can say."""
        ...

    def refusal(self, limit: Limit, key: str) -> Exceeded | CannotSay:
        """When there is room again where there was none a moment ago. Nothing is counted."""
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
        self._moving = MovingWindowRateLimiter(storage)
        self._fixed = FixedWindowRateLimiter(storage)
        self._monotonic = monotonic
        self._quiet_until = 0.0

    def take(self, limit: Limit, key: str) -> Verdict:
        found = self._asked(limit, lambda: self._counted(limit, key))
        return CannotSay() if found is None else found

    def has_room(self, limit: Limit, key: str) -> bool:
        window, item = self._window(limit), _item(limit)
        return bool(self._asked(limit, lambda: window.test(item, limit.name, key)))

    def refusal(self, limit: Limit, key: str) -> Exceeded | CannotSay:
        return self._asked(limit, lambda: self._refused(limit, key)) or CannotSay()

    def _asked(self, limit: Limit, ask: Callable[[], T]) -> T | None:
        """What Redis says, or nothing while it cannot be asked.

        Its client raises whatever it meets, an AttributeError too, where another thread has just
        closed the connection that it reads from, as at a failover: none of it may fail a text.
        """
        if self._monotonic() < self._quiet_until:
            return None
        try:
            return ask()
        except Exception as error:  # noqa: BLE001  (see above)
            self._quiet_until = self._monotonic() + QUIET_SECONDS
            log.warning("limits.cannot_count", limit=limit.name, error=type(error).__name__)
            return None

    def _counted(self, limit: Limit, key: str) -> Verdict:
        if limit.count < 1:
            return Exceeded(limit, limit.seconds, self._is_first(limit, key))
        window, item = self._window(limit), _item(limit)
        if window.hit(item, limit.name, key):
            return Allowed()
        return self._refused(limit, key)

    def _refused(self, limit: Limit, key: str) -> Exceeded:
        reset = self._window(limit).get_window_stats(_item(limit), limit.name, key).reset_time
        retry = max(1, min(limit.seconds, round(reset - time.time())))
        return Exceeded(limit, retry, self._is_first(limit, key))

    def _is_first(self, limit: Limit, key: str) -> bool:
        once = RateLimitItemPerSecond(1, limit.seconds)
        return self._moving.hit(once, "told", limit.name, key)

    def _window(self, limit: Limit) -> RateLimiter:
        return self._fixed if limit.fixed else self._moving


def _item(limit: Limit) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(limit.count, limit.seconds)
