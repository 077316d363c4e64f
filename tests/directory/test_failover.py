"""One sick domain controller, in every way we know, must not keep anybody waiting for long."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from directory.active_directory.controllers import RESTING_SECONDS
from directory.errors import ConnectionNotSecure, DirectoryBusy, DirectoryUnreachable
from simulator.active_directory import ActiveDirectoryServer, Kind
from tests.directory.conftest import HASTY, Connect
from tests.directory.peers import (
    Clock,
    dead,
    dripping,
    hanging_up,
    peer,
    silent,
    talking_http,
)
from tests.directory.simulated import Simulation

NEW = SecretStr("Second-Passw0rd-of-all")
SCHEDULING_SECONDS = 0.5

SICK: dict[str, Callable[[ActiveDirectoryServer], None]] = {
    "refuses connections": lambda server: server.faults.refuse_connections(),
    "says nothing on TCP": lambda server: server.faults.say_nothing(),
    "says nothing after TLS": lambda server: server.faults.say_nothing(after_tls=True),
    "hangs at sign-in": lambda server: server.faults.hang(Kind.BIND),
    "hangs at a search": lambda server: server.faults.hang(Kind.SEARCH, skip=1),
    "drops at sign-in": lambda server: server.faults.drop(Kind.BIND, times=None),
    "drops at every search": lambda server: server.faults.drop(Kind.SEARCH, times=None),
    "answers nonsense": lambda server: server.faults.garbage(times=None),
    "drips": lambda server: server.faults.drip(pause_seconds=0.3),
    "is busy": lambda server: server.faults.answer(Kind.SEARCH, 51, times=None),
    "has forgotten our sign-in": lambda server: server.faults.answer(
        Kind.SEARCH, 1, "000004DC: LdapErr", times=None
    ),
    "shows a wrong certificate": lambda server: server.present_certificate_for("elsewhere"),
}


def in_time(operation: Callable[[], Any]) -> Any:
    began = time.monotonic()
    try:
        return operation()
    finally:
        assert time.monotonic() - began < HASTY["deadline_seconds"] + SCHEDULING_SECONDS


@pytest.mark.parametrize("sickness", SICK)
def test_a_sick_controller_is_passed_over(
    simulation: Simulation, second: ActiveDirectoryServer, connect: Connect, sickness: str
) -> None:
    user = simulation.add_user()
    SICK[sickness](simulation.server)
    accounts = connect(**HASTY, urls=(simulation.server.url, second.url))
    in_time(lambda: accounts.reset(user, NEW))
    assert simulation.sign_in_as(user, NEW.get_secret_value()) == "773"
    assert (simulation.server.count(Kind.MODIFY), second.count(Kind.MODIFY)) == (0, 1)


@pytest.mark.parametrize("sickness", SICK)
def test_a_controller_that_falls_sick_later_is_passed_over(
    simulation: Simulation, second: ActiveDirectoryServer, connect: Connect, sickness: str
) -> None:
    user = simulation.add_user()
    accounts = connect(**HASTY, urls=(simulation.server.url, second.url))
    accounts.read(user)
    SICK[sickness](simulation.server)
    in_time(lambda: accounts.reset(user, NEW))
    assert simulation.sign_in_as(user, NEW.get_secret_value()) == "773"
    assert simulation.server.count(Kind.MODIFY) + second.count(Kind.MODIFY) == 1


@pytest.mark.parametrize(
    ("sickness", "error"),
    [
        (dead(), DirectoryUnreachable),
        (peer(silent), DirectoryUnreachable),
        (peer(hanging_up), DirectoryUnreachable),
        (peer(dripping), DirectoryUnreachable),
        (peer(talking_http), ConnectionNotSecure),
    ],
)
def test_where_all_are_sick_the_answer_comes_in_time(
    connect: Connect, sickness: AbstractContextManager[str], error: type[Exception]
) -> None:
    with sickness as url:
        accounts = connect(**HASTY, urls=(url,) * 7)
        with pytest.raises(error):
            in_time(lambda: accounts.reset(uuid4(), NEW))


@pytest.mark.parametrize("sickness", SICK)
def test_where_the_only_one_is_sick_the_answer_comes_in_time(
    simulation: Simulation, connect: Connect, sickness: str
) -> None:
    user = simulation.add_user()
    SICK[sickness](simulation.server)
    with pytest.raises((DirectoryUnreachable, DirectoryBusy, ConnectionNotSecure)):
        in_time(lambda: connect(**HASTY).reset(user, NEW))
    assert simulation.sign_in_as(user, simulation.password) == "ok"


def test_a_failed_proof_is_told_before_the_silence_of_another(
    simulation: Simulation, connect: Connect
) -> None:
    simulation.server.present_certificate_for("elsewhere")
    with dead() as url, pytest.raises(ConnectionNotSecure):
        connect(**HASTY, urls=(simulation.server.url, url)).read(uuid4())


def test_a_controller_that_failed_rests_for_a_while(
    simulation: Simulation, second: ActiveDirectoryServer, connect: Connect, clock: Clock
) -> None:
    user, first = simulation.add_user(), simulation.server
    first.faults.drop(Kind.BIND, times=1)
    accounts = connect(**HASTY, urls=(first.url, second.url))
    for _ in range(3):
        accounts.reset(user, NEW)
        accounts.close()
    assert first.connections_accepted == 1
    clock.ahead_seconds += RESTING_SECONDS
    accounts.reset(user, NEW)
    assert first.connections_accepted == 2


def test_a_refused_sign_in_is_not_tried_on_the_next_controller(
    simulation: Simulation, second: ActiveDirectoryServer, connect: Connect
) -> None:
    wrong = {"bind_password": SecretStr("wrong"), "urls": (simulation.server.url, second.url)}
    with pytest.raises(Exception, match="refused"):
        connect(**wrong).read(uuid4())
    assert second.connections_accepted == 0


def test_a_name_that_never_resolves_does_not_hold_us(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang = Event()

    def never(*_: object, **__: object) -> list[object]:
        hang.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never)
    with pytest.raises(DirectoryUnreachable, match="not resolved in time"):
        in_time(lambda: connect(**HASTY, urls=("ldaps://dc1.corp.example",)).read(uuid4()))
    hang.set()


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_a_name_that_does_not_resolve_is_told(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(DirectoryUnreachable):
        connect(**HASTY, urls=("ldaps://dc1.corp.example",)).read(uuid4())


def test_a_dead_address_of_a_name_leaves_time_for_the_next(
    simulation: Simulation, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, real = simulation.add_user(), socket.getaddrinfo
    unroutable = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))

    def both(*arguments: Any, **options: Any) -> list[Any]:
        return [unroutable, *real(*arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    assert connect(**HASTY).read(user).guid == user
