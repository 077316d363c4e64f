"""The least that could do the job: kept ldap3 connections, and one modify for each account."""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import ldap3

from benchmarks.apart import Part, apart
from benchmarks.directories import Staffed
from directory.accounts import DirectorySettings


@dataclass(frozen=True, slots=True)
class Bare:
    """What the loops did together."""

    took: list[float]
    """The seconds that each modify took."""
    seconds: float
    """From the first modify to the last."""

    @property
    def per_second(self) -> float:
        return len(self.took) / self.seconds

    def __add__(self, other: Bare) -> Bare:
        return Bare([*self.took, *other.took], self.seconds + other.seconds)


@dataclass(frozen=True, slots=True)
class Loops:
    """Processes with one kept connection each, as our workers have."""

    parts: Sequence[Part]

    def run(self, dns: Sequence[str]) -> Bare:
        """Set these passwords as a reset does, each loop its share, one after the other."""
        for at, part in enumerate(self.parts):
            part.pipe.send(list(dns[at :: len(self.parts)]))
        done = [part.pipe.recv() for part in self.parts]
        began, ended = min(each[0] for each in done), max(each[1] for each in done)
        return Bare([one for each in done for one in each[2]], ended - began)

    @property
    def pids(self) -> list[int]:
        return [part.pid for part in self.parts]


@contextmanager
def loops(directory: Staffed, count: int) -> Iterator[Loops]:
    with ExitStack() as stack:
        parts = [stack.enter_context(apart(_loop, directory.settings)) for _ in range(count)]
        for part in parts:
            part.pipe.recv()
        yield Loops(parts)


def _loop(pipe: Connection, settings: DirectorySettings) -> None:
    with _connected(settings) as connection:
        pipe.send("connected")
        while dns := _asked(pipe):
            began = time.monotonic()
            took = [_modify(connection, dn) for dn in dns]
            pipe.send((began, time.monotonic(), took))


def _asked(pipe: Connection) -> list[str]:
    try:
        dns: list[str] = pipe.recv()
    except EOFError:
        return []
    return dns


@contextmanager
def _connected(settings: DirectorySettings) -> Iterator[Any]:
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_data=settings.ca_pem)
    server = ldap3.Server(settings.urls[0], get_info=ldap3.NONE, tls=tls)
    password = settings.bind_password.get_secret_value()
    connection: Any = ldap3.Connection(server, settings.bind_dn, password, auto_bind=True)
    try:
        yield connection
    finally:
        connection.unbind()


def _modify(connection: Any, dn: str) -> float:
    password = f"Maple-Otter-{secrets.token_hex(8)}"
    values = {
        "unicodePwd": f'"{password}"'.encode("utf-16-le"),
        "pwdLastSet": "0",
        "lockoutTime": "0",
    }
    changes = {name: [(ldap3.MODIFY_REPLACE, [value])] for name, value in values.items()}
    started = time.perf_counter()
    done = connection.modify(dn, changes)
    taken = time.perf_counter() - started
    assert done, connection.result
    return taken
