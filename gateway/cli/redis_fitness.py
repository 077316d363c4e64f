"""Whether a Redis is fit for our doorbell: it forgets nothing, and strangers cannot ring."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final

import structlog
from redis import AuthenticationError, Redis, RedisError, ResponseError
from redis import ConnectionError as RedisUnreachable
from redis import TimeoutError as RedisSilent
from redis.backoff import NoBackoff
from redis.retry import Retry

from gateway.cli.shell import Failed
from gateway.redis_address import AddressInvalid, RedisAddress, host_of

log = structlog.get_logger()

ANSWERS_WITHIN_SECONDS: Final = 3.0
LOOK_AGAIN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Fitness:
    """What was found. Each objection is a sentence that says what to do."""

    version: str = ""
    policy: str = ""
    objections: list[str] = field(default_factory=list)


def wait_until_fit(redis_url: str, *, refuse: bool) -> None:
    """Wait for a Redis that cannot be reached. One that is not fit is refused, or waited for."""
    while True:
        try:
            objections = examine(redis_url).objections
        except (RedisUnreachable, RedisSilent) as error:
            log.warning("redis.waiting", error=type(error).__name__)
        else:
            if not objections:
                return
            if refuse:
                raise Failed("; ".join(objections))
            log.error("redis.unfit", objections=objections)
        time.sleep(LOOK_AGAIN_SECONDS)


def examine(redis_url: str) -> Fitness:
    """Raises redis' ConnectionError or TimeoutError where nothing answers."""
    try:
        address = RedisAddress.of(redis_url)
    except AddressInvalid as error:
        raise Failed(f"REDIS_URL: {error}") from None
    with _client(address) as client:
        try:
            about: Any = client.info()
        except AuthenticationError:
            return Fitness(objections=["Redis refuses us: correct the password in REDIS_URL"])
        except ResponseError:
            about = {}
        policy = str(about.get("maxmemory_policy", ""))
        found = [_on_policy(policy), _on_strangers(address, client)]
        return Fitness(
            str(about.get("redis_version", "")), policy, [each for each in found if each]
        )


def _client(address: RedisAddress) -> Redis:
    return address.client(
        socket_timeout=ANSWERS_WITHIN_SECONDS,
        socket_connect_timeout=ANSWERS_WITHIN_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _on_policy(policy: str) -> str | None:
    """What is not known because INFO is forbidden to us cannot be held against it."""
    if policy in {"", "noeviction"}:
        return None
    return (
        f"Redis drops what we told it when its memory is full (maxmemory-policy {policy}): "
        "set `maxmemory-policy noeviction`"
    )


def _on_strangers(address: RedisAddress, client: Redis) -> str | None:
    host = host_of(client)
    if not host or _is_this_machine(host):
        return None
    if address.options.get("password") and not _lets_in_anybody(address):
        return None
    return (
        f"Redis at {host} lets in anybody who can reach it: give it a password "
        "(`requirepass` or an ACL user) and put that into REDIS_URL"
    )


def _is_this_machine(host: str) -> bool:
    try:
        found = {str(each[4][0]).partition("%")[0] for each in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ip_address(address).is_loopback for address in found)


def _lets_in_anybody(address: RedisAddress) -> bool:
    """Whether it answers somebody who shows no password; a password of ours proves nothing."""
    with _client(address.without_credentials()) as stranger:
        try:
            return bool(stranger.ping())
        except RedisError:
            return False
