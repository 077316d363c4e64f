"""A Redis primary with a replica, watched by three sentinels: all real, all on this machine."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.installation import free_port, wait_for
from tests.redis_server import RedisServer, executable

MASTER = "resetline"
UNNOTICED_MILLISECONDS = 1000
"""How long a primary may be silent before the sentinels elect another."""


@dataclass
class Sentinel:
    """One sentinel; it writes what it learns into its configuration file."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self, primary_port: int, password: str, own_password: str) -> None:
        settings = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {self.folder}",
            f"sentinel monitor {MASTER} 127.0.0.1 {primary_port} 2",
            f"sentinel down-after-milliseconds {MASTER} {UNNOTICED_MILLISECONDS}",
            f"sentinel failover-timeout {MASTER} 5000",
            *([f"sentinel auth-pass {MASTER} {password}"] if password else []),
            *([f"requirepass {own_password}"] if own_password else []),
        ]
        file = self.folder / f"sentinel-{self.port}.conf"
        file.write_text("\n".join(settings) + "\n")
        self.process = subprocess.Popen(
            [executable(), str(file), "--sentinel"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@dataclass
class WatchedRedis:
    """What an installation sees of it is one address; `primary` is the server that began as one."""

    primary: RedisServer
    replica: RedisServer
    sentinels: list[Sentinel]
    password: str
    own_password: str

    @property
    def url(self) -> str:
        who = f":{self.password}@" if self.password else ""
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.sentinels)
        query = f"?sentinel_password={self.own_password}" if self.own_password else ""
        return f"redis+sentinel://{who}{hosts}/{MASTER}/0{query}"

    @property
    def process(self) -> object:
        """An installation asks whether its Redis runs; somebody always serves here."""
        return self.primary.process or self.replica.process

    def start(self) -> None:
        """Nothing to do: the sentinels see to it that one of the two serves."""

    def is_watched(self) -> bool:
        """Every sentinel knows the others and the replica, so that they can agree on a change."""
        return all(
            int(state.get("num-other-sentinels", 0)) == 2 and int(state.get("num-slaves", 0)) == 1
            for state in map(self._state, self.sentinels)
        )

    def primary_port(self) -> int:
        """Which server the first sentinel holds to be the primary."""
        return int(self._state(self.sentinels[0]).get("port", 0))

    def _state(self, sentinel: Sentinel) -> dict[str, Any]:
        client = Redis(
            port=sentinel.port, password=self.own_password or None, retry=Retry(NoBackoff(), 0)
        )
        with client:
            try:
                found: Any = client.sentinel_master(MASTER)
            except RedisError:
                return {}
            return dict(found)


@contextmanager
def watched(*, password: str = "", own_password: str = "") -> Iterator[WatchedRedis]:
    """Yielded once the sentinels know each other and the replica."""
    with ExitStack() as stack:
        secret = ("--requirepass", password, "--masterauth", password) if password else ()
        primary, replica = (_server(stack, *secret) for _ in range(2))
        primary.start()
        replica.options += ("--replicaof", "127.0.0.1", str(primary.port))
        replica.start()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sentinels-")))
        sentinels = [Sentinel(folder, free_port()) for _ in range(3)]
        for each in sentinels:
            stack.callback(each.stop)
            each.start(primary.port, password, own_password)
        redis = WatchedRedis(primary, replica, sentinels, password, own_password)
        wait_for(redis.is_watched)
        yield redis


def _server(stack: ExitStack, *options: str) -> RedisServer:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="redis-")))
    server = RedisServer(folder, ("--bind", "127.0.0.1", *options), free_port())
    stack.callback(server.stop)
    return server
