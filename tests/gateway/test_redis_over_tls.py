"""Redis and a sentinel that speak TLS only, with a certificate that has to be verified."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import RedisError

from gateway import redis_address
from simulator.active_directory.certificates import CertificateAuthority
from tests.installation import free_port, wait_for
from tests.redis_server import executable, running

MASTER = "resetline"


@dataclass(frozen=True)
class Guarded:
    """Where the two listen, and whom to trust."""

    port: int
    sentinel_port: int
    ca_file: Path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("tls")
    port, sentinel_port = free_port(), free_port()
    tls = write_certificates(folder)
    options = [word for name, value in tls.items() for word in (f"--{name}", value)]
    settings = [f"{name} {value}" for name, value in tls.items()]
    with running("--bind", "127.0.0.1", "--tls-port", str(port), *options):
        file = folder / "sentinel.conf"
        monitor = f"sentinel monitor {MASTER} 127.0.0.1 {port} 1"
        lines = ["port 0", f"tls-port {sentinel_port}", "bind 127.0.0.1", *settings, monitor]
        file.write_text("\n".join(lines) + "\n")
        sentinel = subprocess.Popen(
            [executable(), str(file), "--sentinel"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Guarded(port, sentinel_port, folder / "ca.pem")
        finally:
            sentinel.kill()
            sentinel.wait()


def write_certificates(folder: Path) -> dict[str, str]:
    authority = CertificateAuthority()
    issued = authority.issue("localhost", "127.0.0.1")
    (folder / "ca.pem").write_text(authority.pem)
    (folder / "server.pem").write_text(issued.certificate_pem)
    (folder / "key.pem").write_text(issued.key_pem)
    return {
        "tls-cert-file": str(folder / "server.pem"),
        "tls-key-file": str(folder / "key.pem"),
        "tls-ca-cert-file": str(folder / "ca.pem"),
        "tls-auth-clients": "no",
        "tls-replication": "yes",
    }


def answers(url: str) -> bool:
    with redis_address.client(url, socket_timeout=1, socket_connect_timeout=1) as redis:
        try:
            return bool(redis.ping())
        except RedisError:
            return False


def test_redis_is_reached_over_tls_by_whoever_trusts_its_authority(guarded: Guarded) -> None:
    address = f"127.0.0.1:{guarded.port}/0"
    assert answers(f"rediss://{address}?ssl_ca_certs={guarded.ca_file}")
    assert not answers(f"rediss://{address}")
    assert not answers(f"redis://{address}")


def test_so_it_is_through_a_sentinel(guarded: Guarded) -> None:
    address = f"127.0.0.1:{guarded.sentinel_port}/{MASTER}/0"
    trusting = f"rediss+sentinel://{address}?ssl_ca_certs={guarded.ca_file}"
    wait_for(lambda: answers(trusting), seconds=15)
    assert not answers(f"rediss+sentinel://{address}")
    assert not answers(f"redis+sentinel://{address}")
