"""Where Redis is: turns REDIS_URL into a client, and through Sentinel finds who is primary now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self
from urllib.parse import unquote

from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

SENTINEL_PORT: Final = 26379
SENTINEL_SECONDS: Final = 1.0
"""A sentinel that takes longer is passed over."""

SENTINEL_PREFIX: Final = "sentinel_"
TLS_PREFIX: Final = "ssl_"
FORMS: Final = (
    "give a URL such as redis://127.0.0.1:6379/0, with / # ? of a password as %2F %23 %3F, "
    "or redis+sentinel://host1:26379,host2:26379/MASTERNAME/0"
)

_SENTINEL_URL: Final = re.compile(
    r"(?P<plain>rediss?)\+sentinel://(?:(?P<who>[^/?#@]*)@)?(?P<hosts>[^/?#@]+)"
    r"/(?P<master>[^/?#]+)(?:/(?P<db>\d*))?(?P<query>\?[^#]*)?"
)
_HOST: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:\s]+)(?::(?P<port>\d{1,5}))?")
_SECRETS: Final = ("username", "password", "credential_provider")


class AddressInvalid(ValueError):
    """A REDIS_URL that nobody can understand. Its text says what to write, and never the URL."""


class _FollowingPool(SentinelConnectionPool):
    """Asks the sentinels again at each new connection, and lets go of them when it is closed."""

    def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001, FBT002  (as redis-py calls it)
        super().disconnect(inuse_connections)
        for sentinel in self.sentinel_manager.sentinels:
            sentinel.connection_pool.disconnect()


@dataclass(frozen=True)
class RedisAddress:
    """One Redis, or a primary that sentinels know by its name. `options` are redis-py's own."""

    options: Mapping[str, Any] = field(repr=False)
    sentinels: tuple[tuple[str, int], ...] = ()
    master: str = ""
    sentinel_options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """Read a REDIS_URL. Raises AddressInvalid."""
        try:
            return cls._through_sentinel(url) if "+sentinel:" in url[:20] else cls(_options(url))
        except ValueError:
            raise AddressInvalid(FORMS) from None

    @classmethod
    def _through_sentinel(cls, url: str) -> Self:
        """Name and password before the @ are for Redis; `sentinel_…` options for the sentinels.

        TLS, where the URL begins with `rediss+`, is for both, and so are its `ssl_…` options.
        """
        parts = _SENTINEL_URL.fullmatch(url)
        if not parts:
            raise ValueError(FORMS)
        who = f"{parts['who']}@" if parts["who"] else ""
        given = _options(f"redis://{who}-/{parts['db'] or 0}{parts['query'] or ''}")
        of_sentinels = {k: v for k, v in given.items() if k.startswith(SENTINEL_PREFIX)}
        tls = {k: v for k, v in given.items() if k.startswith(TLS_PREFIX)}
        tls |= {"ssl": True} if parts["plain"] == "rediss" else {}
        options = {k: v for k, v in given.items() if k != "host" and k not in of_sentinels}
        return cls(
            options=options | tls,
            sentinels=tuple(map(_host, parts["hosts"].split(","))),
            master=unquote(parts["master"]),
            sentinel_options=tls
            | {k.removeprefix(SENTINEL_PREFIX): v for k, v in of_sentinels.items()},
        )

    def client(self, **limits: Any) -> Redis:
        """A client that connects when it is first used. What the URL says beats `limits`."""
        return Redis.from_pool(self._pool(**limits))

    def without_credentials(self) -> RedisAddress:
        """The same Redis as a stranger would knock at it."""
        return replace(self, options={k: v for k, v in self.options.items() if k not in _SECRETS})

    def _pool(self, **limits: Any) -> ConnectionPool:
        if not self.sentinels:
            return ConnectionPool(**{**limits, **self.options})
        options = {**limits, **self.options}
        return _FollowingPool(self.master, self._sentinel(**limits), **options)  # type: ignore[no-untyped-call]

    def _sentinel(self, **limits: Any) -> Sentinel:
        """A sentinel that does not answer is not asked twice: the next one knows as much."""
        seconds = min(SENTINEL_SECONDS, limits.get("socket_connect_timeout", SENTINEL_SECONDS))
        options = {
            "socket_timeout": seconds,
            "socket_connect_timeout": seconds,
            "retry": Retry(NoBackoff(), 0),
            **self.sentinel_options,
        }
        return Sentinel(self.sentinels, sentinel_kwargs=options)  # type: ignore[no-untyped-call]


def client(url: str, **limits: Any) -> Redis:
    """A client for a REDIS_URL. Raises AddressInvalid."""
    return RedisAddress.of(url).client(**limits)


def host_of(redis: Redis) -> str:
    """Who is asked: through Sentinel that is the primary of this moment; "" for a Unix socket."""
    pool = redis.connection_pool
    if isinstance(pool, SentinelConnectionPool):
        return str(pool.get_master_address()[0])  # type: ignore[no-untyped-call]
    options: Mapping[str, Any] = pool.connection_kwargs
    return "" if "path" in options else str(options.get("host", "localhost"))


def _options(url: str) -> dict[str, Any]:
    options: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
    return options


def _host(text: str) -> tuple[str, int]:
    parts = _HOST.fullmatch(text)
    if not parts or not 0 < (port := int(parts["port"] or SENTINEL_PORT)) < 65536:
        raise ValueError(FORMS)
    return parts["host"].strip("[]"), port
