"""REDIS_URL in every form that an operator may write, and what they mean."""

from __future__ import annotations

import os
import signal
import string
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import RedisError

from gateway import redis_address
from gateway.redis_address import AddressInvalid, RedisAddress, host_of
from tests.installation import wait_for
from tests.redis_sentinels import WatchedRedis, watched

SECONDS = 0.5
NAMES = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=20)
HOSTS = st.lists(st.tuples(NAMES, st.integers(1, 65535)), min_size=1, max_size=5)


def refusal_of(url: str) -> str:
    try:
        RedisAddress.of(url)
    except AddressInvalid as error:
        return str(error)
    return ""


@given(hosts=HOSTS, master=NAMES, database=st.integers(0, 15))
def test_every_sentinel_the_name_and_the_database_are_understood(
    hosts: list[tuple[str, int]], master: str, database: int
) -> None:
    listed = ",".join(f"{host}:{port}" for host, port in hosts)
    address = RedisAddress.of(f"redis+sentinel://{listed}/{master}/{database}")
    assert address.sentinels == tuple(hosts)
    assert (address.master, address.options["db"]) == (master, database)


@given(st.text())
def test_whatever_is_written_is_understood_or_refused_in_one_sentence(text: str) -> None:
    for url in (text, f"redis+sentinel://{text}", f"rediss+sentinel://u:{text}@h/m?{text}"):
        assert refusal_of(url) in {"", redis_address.FORMS}


def test_a_port_may_be_left_out_and_a_host_may_be_an_ipv6_address() -> None:
    address = RedisAddress.of("redis+sentinel://one,[2001:db8::2]:5000,three:1/m")
    assert address.sentinels == (("one", 26379), ("2001:db8::2", 5000), ("three", 1))


def test_redis_and_the_sentinels_have_passwords_of_their_own() -> None:
    address = RedisAddress.of(
        "redis+sentinel://user:p%40ss%2F@host/m/0?sentinel_username=s&sentinel_password=t"
    )
    assert address.options == {"username": "user", "password": "p@ss/", "db": 0}
    assert address.sentinel_options == {"username": "s", "password": "t"}


def test_tls_is_for_redis_and_for_the_sentinels() -> None:
    address = RedisAddress.of("rediss+sentinel://host/m?ssl_ca_certs=/ca.pem&sentinel_password=t")
    assert address.options == {"db": 0, "ssl": True, "ssl_ca_certs": "/ca.pem"}
    assert address.sentinel_options == {"ssl": True, "ssl_ca_certs": "/ca.pem", "password": "t"}
    made = address.client().connection_pool.connection_class
    assert made.__name__ == "SentinelManagedSSLConnection"
    assert (
        "SSL" in RedisAddress.of("rediss://host").client().connection_pool.connection_class.__name__
    )


@pytest.mark.parametrize(
    "wrong",
    [
        "redis+sentinel://:hunter2@host:26379",
        "redis+sentinel://:hunter2@host:26379/",
        "redis+sentinel://:hunter2@/m/0",
        "redis+sentinel://:hunter2@host:0/m",
        "redis+sentinel://:hunter2@host:70000/m",
        "redis+sentinel://:hunter2@host,,host2/m",
        "redis+sentinel://:hunter2@host/m/zero",
        "redis+sentinel://:hunter2@host/m/0/1",
        "redis+sentinel://:hunter2@host/m?db=many",
        "sentinel://:hunter2@host/m",
    ],
)
def test_what_is_no_address_is_refused_without_showing_its_password(wrong: str) -> None:
    with pytest.raises(AddressInvalid) as refused:
        RedisAddress.of(wrong)
    assert "hunter2" not in f"{refused.value!r}{refused.value.__cause__!r}"
    assert "redis+sentinel://host1:26379,host2:26379/MASTERNAME/0" in str(refused.value)


def test_no_password_is_shown_by_what_a_log_might_print() -> None:
    url = "redis+sentinel://:hunter2@127.0.0.1:1/m/0?sentinel_password=hunter3"
    address = RedisAddress.of(url)
    with address.client(socket_connect_timeout=SECONDS) as redis:
        with pytest.raises(RedisError) as failed:
            redis.ping()
        shown = f"{address!r} {redis!r} {failed.value!r}"
    assert "hunter" not in shown


@pytest.fixture(scope="module")
def guarded() -> Iterator[WatchedRedis]:
    with watched(password="hunter2", own_password="hunter3") as redis:
        yield redis


def test_the_new_primary_is_found_by_the_same_client(guarded: WatchedRedis) -> None:
    limits = {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS}
    with redis_address.client(guarded.url, **limits) as redis:
        assert redis.set("a", 1)
        assert host_of(redis) == "127.0.0.1"
        guarded.primary.stop()

        def writes() -> bool:
            try:
                return bool(redis.set("a", 2))
            except RedisError:
                return False

        wait_for(writes, seconds=30)
        assert guarded.primary_port() == guarded.replica.port


def test_a_sentinel_that_hangs_is_passed_over(guarded: WatchedRedis) -> None:
    first = guarded.sentinels[0].process
    assert first
    os.kill(first.pid, signal.SIGSTOP)
    try:
        with redis_address.client(guarded.url, socket_connect_timeout=SECONDS) as redis:
            assert redis.ping()
    finally:
        os.kill(first.pid, signal.SIGCONT)
