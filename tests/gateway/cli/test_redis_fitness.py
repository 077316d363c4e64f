"""A Redis that forgets, or that strangers can ring, is refused; one that is away is waited for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from gateway.cli import redis_fitness
from gateway.cli.redis_fitness import examine, wait_until_fit
from gateway.cli.shell import Failed
from tests.redis_server import RedisServer, running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def open_server() -> Iterator[RedisServer]:
    with running(port=free_port()) as server:
        yield server


@pytest.fixture(scope="module")
def guarded_server() -> Iterator[RedisServer]:
    with running("--requirepass", "hunter2", port=free_port()) as server:
        yield server


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 is taken for another machine."""
    monkeypatch.setattr(redis_fitness, "_is_this_machine", lambda host: host != "127.0.0.1")


def test_a_redis_that_forgets_nothing_and_is_on_this_machine_is_fit(
    open_server: RedisServer,
) -> None:
    for url in (open_server.url, f"redis://127.0.0.1:{open_server.port}/0"):
        fitness = examine(url)
        assert fitness.objections == []
        assert fitness.policy == "noeviction"
        assert fitness.version[0].isdigit()
        wait_until_fit(url, refuse=True)


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_redis_that_drops_entries_is_refused(policy: str) -> None:
    with running("--maxmemory-policy", policy) as server, pytest.raises(Failed) as refused:
        wait_until_fit(server.url, refuse=True)
    assert f"(maxmemory-policy {policy}): set `maxmemory-policy noeviction`" in str(refused.value)


@pytest.mark.usefixtures("far_away")
@pytest.mark.parametrize("user", ["", "default:anything@"])
def test_a_redis_elsewhere_that_lets_in_anybody_is_refused(
    open_server: RedisServer, user: str
) -> None:
    """A password in our URL proves nothing: the server may not ask for one."""
    (objection,) = examine(f"redis://{user}127.0.0.1:{open_server.port}/0").objections
    assert objection.startswith("Redis at 127.0.0.1 lets in anybody who can reach it: give it a")


@pytest.mark.usefixtures("far_away")
def test_a_redis_elsewhere_that_asks_for_a_password_is_fit(guarded_server: RedisServer) -> None:
    assert examine(f"redis://:hunter2@127.0.0.1:{guarded_server.port}/0").objections == []


@pytest.mark.parametrize("user", ["", ":wrong@"])
def test_a_wrong_password_is_said_and_not_waited_for(
    guarded_server: RedisServer, user: str
) -> None:
    with pytest.raises(Failed, match="Redis refuses us: correct the password in REDIS_URL"):
        wait_until_fit(f"redis://{user}127.0.0.1:{guarded_server.port}/0", refuse=True)


def test_a_redis_that_hides_its_policy_from_us_is_taken_at_its_word() -> None:
    acl = "user default on nopass ~* &* +@all -info"
    with running("--user", *acl.split()[1:]) as server:
        fitness = examine(server.url)
    assert (fitness.objections, fitness.policy) == ([], "")


def test_a_redis_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_fitness, "LOOK_AGAIN_SECONDS", 0.05)
    with running() as server:
        server.stop()
        waiting = threading.Thread(
            target=wait_until_fit, args=(server.url,), kwargs={"refuse": True}
        )
        waiting.start()
        time.sleep(0.3)
        assert waiting.is_alive()
        server.start()
        waiting.join(timeout=20)
        assert not waiting.is_alive()


def test_a_supervised_process_waits_until_somebody_mends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis_fitness, "LOOK_AGAIN_SECONDS", 0.05)
    with running("--maxmemory-policy", "allkeys-lru") as server, server.client() as redis:
        waiting = threading.Thread(
            target=wait_until_fit, args=(server.url,), kwargs={"refuse": False}
        )
        waiting.start()
        time.sleep(0.3)
        assert waiting.is_alive()
        redis.config_set("maxmemory-policy", "noeviction")
        waiting.join(timeout=20)
        assert not waiting.is_alive()


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("10.0.0.5", False),
        ("not a host", False),
    ],
)
def test_which_hosts_are_this_machine(host: str, *, ours: bool) -> None:
    assert redis_fitness._is_this_machine(host) is ours


def test_a_host_with_one_address_elsewhere_is_not_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    addresses = [(0, 0, 0, "", (address, 0)) for address in ("127.0.0.1", "10.0.0.5")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: addresses)
    assert not redis_fitness._is_this_machine("redis")


def test_a_url_that_is_none_is_said() -> None:
    with pytest.raises(Failed, match="REDIS_URL: give a URL such as redis://"):
        examine("localhost:6379")
