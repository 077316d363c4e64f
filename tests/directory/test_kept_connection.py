"""One connection is kept: checked before use, renewed without a word, and moved to the PDC."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest
from pydantic import SecretStr

from directory.active_directory.controllers import BREAKER_SECONDS, IDLE_SECONDS, RESTING_SECONDS
from directory.active_directory.domain import SECONDS_TO_REMEMBER
from directory.errors import DirectoryUnreachable, ServiceAccountRefused
from simulator.active_directory import ActiveDirectoryServer, Kind
from tests.directory.conftest import HASTY, Connect
from tests.directory.peers import Clock, eventually
from tests.directory.simulated import SERVICE_PASSWORD, Simulation

NEW = SecretStr("Second-Passw0rd-of-all")


def test_many_operations_need_one_sign_in(simulation: Simulation, connect: Connect) -> None:
    user, accounts = simulation.add_user(), connect()
    for _ in range(5):
        accounts.reset(user, NEW)
        accounts.unlock(user)
        accounts.read(user)
    assert simulation.server.count(Kind.BIND) == 1


def test_a_reset_on_a_kept_connection_is_one_look_one_write_and_one_look(
    simulation: Simulation, connect: Connect
) -> None:
    user, accounts = simulation.add_user(), connect()
    accounts.reset(user, NEW)
    simulation.server.forget_operations()
    accounts.reset(user, NEW)
    asked = [operation.kind for operation in simulation.server.operations]
    assert asked == [Kind.SEARCH, Kind.MODIFY, Kind.SEARCH]


def test_who_somebody_is_takes_one_look_on_a_kept_connection(
    simulation: Simulation, connect: Connect
) -> None:
    user, accounts = simulation.add_user(), connect()
    name = simulation.text(user, "sAMAccountName")
    accounts.identify(user)
    for who in (user, name):
        simulation.server.forget_operations()
        accounts.identify(who)
        assert [operation.kind for operation in simulation.server.operations] == [Kind.SEARCH]


def test_a_connection_that_ended_meanwhile_is_opened_again(
    simulation: Simulation, connect: Connect
) -> None:
    user, accounts = simulation.add_user(), connect()
    accounts.reset(user, NEW)
    simulation.server.faults.refuse_connections()
    simulation.server.faults.clear()
    accounts.reset(user, NEW)
    assert simulation.server.count(Kind.BIND) == 2


@pytest.mark.parametrize("hung_up_on", [Kind.SEARCH])
def test_a_connection_that_dies_before_the_write_is_opened_again(
    simulation: Simulation, connect: Connect, hung_up_on: Kind
) -> None:
    user, accounts = simulation.add_user(), connect()
    accounts.reset(user, NEW)
    simulation.server.faults.drop(hung_up_on)
    accounts.reset(user, NEW)
    assert simulation.server.count(Kind.MODIFY) == 2


def test_a_connection_that_stood_idle_is_opened_again(
    simulation: Simulation, connect: Connect, clock: Clock
) -> None:
    user, accounts = simulation.add_user(), connect()
    accounts.read(user)
    clock.ahead_seconds += IDLE_SECONDS - 1
    accounts.read(user)
    assert simulation.server.connections_accepted == 1
    clock.ahead_seconds += IDLE_SECONDS
    accounts.read(user)
    assert simulation.server.connections_accepted == 2


def test_closing_hangs_up(simulation: Simulation, connect: Connect) -> None:
    user, accounts = simulation.add_user(), connect()
    accounts.read(user)
    accounts.close()
    accounts.close()
    assert eventually(lambda: simulation.server.count(Kind.UNBIND) == 1)


def test_a_forked_child_leaves_the_connection_of_its_parent_alone(
    simulation: Simulation, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, accounts = simulation.add_user(), connect()
    accounts.read(user)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    accounts.read(user)
    assert simulation.server.connections_accepted == 2
    assert simulation.server.count(Kind.UNBIND) == 0


# The PDC emulator -----------------------------------------------------------------------------


@pytest.fixture
def far_first(
    simulation: Simulation, second: ActiveDirectoryServer
) -> tuple[ActiveDirectoryServer, ActiveDirectoryServer]:
    """The PDC emulator, and another controller that is configured before it."""
    return simulation.server, second


def test_a_write_goes_to_the_pdc_and_stays_there(
    simulation: Simulation,
    far_first: tuple[ActiveDirectoryServer, ActiveDirectoryServer],
    connect: Connect,
) -> None:
    (pdc, other), user = far_first, simulation.add_user()
    accounts = connect(urls=(other.url, pdc.url))
    accounts.read(user)
    assert pdc.connections_accepted == 0
    for _ in range(3):
        told = accounts.reset(user, NEW)
        accounts.unlock(user)
        accounts.read(user)
    assert (pdc.count(Kind.MODIFY), other.count(Kind.MODIFY)) == (3, 0)
    assert (pdc.count(Kind.BIND), other.count(Kind.BIND)) == (1, 1)
    assert eventually(lambda: other.count(Kind.UNBIND) == 1)
    accounts = connect(urls=(other.url, pdc.url))
    accounts.read(user)
    accounts.replace_unused(user, told.password_version or 0, NEW)
    assert (pdc.count(Kind.MODIFY), other.count(Kind.MODIFY)) == (4, 0)


def test_a_pdc_that_cannot_be_reached_is_done_without_for_a_while(
    simulation: Simulation,
    far_first: tuple[ActiveDirectoryServer, ActiveDirectoryServer],
    connect: Connect,
    clock: Clock,
) -> None:
    (pdc, other), user = far_first, simulation.add_user()
    accounts = connect(**HASTY, urls=(other.url, pdc.url))
    pdc.faults.say_nothing()
    for _ in range(3):
        accounts.reset(user, NEW)
    assert (pdc.connections_accepted, other.count(Kind.MODIFY)) == (1, 3)
    pdc.faults.clear()
    clock.ahead_seconds += RESTING_SECONDS
    accounts.reset(user, NEW)
    assert (pdc.count(Kind.MODIFY), other.count(Kind.MODIFY)) == (1, 3)


def test_a_pdc_that_nobody_configured_is_found_by_its_name_and_has_to_prove_it(
    simulation: Simulation,
    second: ActiveDirectoryServer,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pdc, host, user = simulation.server, "dc9.corp.example.test", simulation.add_user()
    simulation.entry(pdc.controller.server_dn).put("dNSHostName", host)
    real, asked = socket.getaddrinfo, []

    def resolve(name: str, port: int, **options: Any) -> Any:
        asked.append((name, port))
        return real(
            "localhost", int(pdc.url.rpartition(":")[2]) if name == host else port, **options
        )

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    connect(urls=(second.url,)).reset(user, NEW)
    assert (pdc.count(Kind.BIND), second.count(Kind.MODIFY)) == (0, 1)
    pdc.present_certificate_for(host)
    accounts = connect(urls=(second.url,))
    accounts.reset(user, NEW)
    accounts.reset(user, NEW)
    assert (pdc.count(Kind.BIND), pdc.count(Kind.MODIFY)) == (1, 2)
    assert (host, 636) in asked


def test_who_the_pdc_is_is_remembered_for_some_minutes(
    simulation: Simulation, connect: Connect, clock: Clock
) -> None:
    user, accounts = simulation.add_user(), connect()

    def asked() -> int:
        operations = simulation.server.operations
        return sum("fSMORoleOwner" in operation.attributes for operation in operations)

    for _ in range(3):
        accounts.unlock(user)
    assert asked() == 1
    clock.ahead_seconds += SECONDS_TO_REMEMBER
    accounts.unlock(user)
    assert asked() == 2


def test_an_unknown_pdc_stops_nothing(simulation: Simulation, connect: Connect) -> None:
    user = simulation.add_user()
    simulation.domain.head.put("fSMORoleOwner", "CN=NTDS Settings,CN=Gone,DC=corp")
    assert connect().reset(user, NEW).must_change_password


# The service account --------------------------------------------------------------------------


def test_after_a_refused_sign_in_nobody_tries_for_a_minute(
    simulation: Simulation, connect: Connect, clock: Clock
) -> None:
    user, accounts = simulation.add_user(), connect()
    service = simulation.domain.user("resetline-svc")
    simulation.domain.set_password(service.username, "Changed-Passw0rd-1")
    for _ in range(3):
        with pytest.raises(ServiceAccountRefused):
            accounts.read(user)
    assert simulation.server.count(Kind.BIND) == 1
    simulation.domain.set_password(service.username, SERVICE_PASSWORD)
    clock.ahead_seconds += BREAKER_SECONDS - 1
    with pytest.raises(ServiceAccountRefused):
        accounts.read(user)
    clock.ahead_seconds += 1
    assert accounts.read(user).guid == user
    assert simulation.server.count(Kind.BIND) == 2


@pytest.mark.parametrize("password", ["Ⅳ-ﬁne-Passw0rd", "soft\u00ad-Passw0rd", "tab\t-Passw0rd"])
def test_the_password_of_the_service_account_arrives_to_the_letter(
    simulation: Simulation, connect: Connect, password: str
) -> None:
    """ldap3 would normalize a text (SASLprep) or refuse it; Windows compares it as it is."""
    simulation.domain.set_password("resetline-svc", password)
    user = simulation.add_user()
    assert connect(bind_password=SecretStr(password)).read(user).guid == user


def test_a_service_account_that_is_locked_says_so(simulation: Simulation, connect: Connect) -> None:
    simulation.domain.lock_out("resetline-svc")
    with pytest.raises(ServiceAccountRefused, match="locked out"):
        connect().find("anybody")


def test_a_broken_controller_does_not_trip_the_breaker(
    simulation: Simulation, connect: Connect, clock: Clock
) -> None:
    user, accounts = simulation.add_user(), connect()
    simulation.server.faults.drop(Kind.BIND)
    with pytest.raises(DirectoryUnreachable):
        accounts.read(user)
    assert accounts.read(user).guid == user
