"""A real redis-server for a test: private, empty, and thrown away afterwards."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as NoRedis
from redis.retry import Retry

START_WITHIN_SECONDS = 10.0


def executable() -> str:
    """The system's Redis, or the one that came in a wheel with the demo's extras."""
    beside_python = Path(sysconfig.get_path("scripts")) / "redis-server"
    return shutil.which("redis-server") or str(beside_python)


@dataclass
class RedisServer:
    """Listens on a socket in a folder of its own; `port` adds a TCP port on this machine."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def socket(self) -> Path:
        return self.folder / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def start(self) -> None:
        """Start it and wait until it answers. What it held before is gone."""
        command = [executable(), "--port", str(self.port), "--unixsocket", str(self.socket)]
        quiet = ["--save", "", "--appendonly", "no", "--dir", str(self.folder), *self.options]
        self.process = subprocess.Popen(
            command + quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End it as an outage would: at once, and nothing is saved."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
        self.socket.unlink(missing_ok=True)

    def client(self) -> Redis:
        """A client that says at once when the server is away. Close it after use."""
        return Redis.from_url(self.url, retry=Retry(NoBackoff(), 0))

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_WITHIN_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                raise AssertionError("redis-server did not start")
            time.sleep(0.01)

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                client.ping()
            except AuthenticationError:
                return True
            except NoRedis:
                return False
            return True


@contextmanager
def running(*options: str, port: int = 0) -> Iterator[RedisServer]:
    """A server with more of redis-server's own options, such as `--maxmemory-policy`."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(Path(folder), options, port)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A fresh server. Import it into the conftest of the tests that want it."""
    with running() as server:
        yield server
