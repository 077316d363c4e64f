"""The operator's check: each step is told, and one that fails says what to do about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from directory.accounts import Check, ReplaceResult
from directory.active_directory import ActiveDirectory
from directory.errors import RightMissing
from simulator.active_directory import ActiveDirectoryServer, Kind, Right
from simulator.active_directory.computed import COMPUTED
from tests.directory.conftest import HASTY, Connect
from tests.directory.peers import Clock, dead, eventually, peer, silent
from tests.directory.simulated import SERVICE_ACCOUNT, Simulation

NEW = SecretStr("Second-Passw0rd-of-all")


def wrong(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.detail for check in checks if not check.ok}


def test_every_step_is_told_in_order(simulation: Simulation, connect: Connect) -> None:
    simulation.add_user()
    checks = connect().check()
    where = simulation.server.url.removeprefix("ldaps://")
    assert [check.name for check in checks] == [
        f"{where} name and port",
        f"{where} TLS",
        f"{where} sign-in",
        f"{where} directory",
        "clock",
        "base DN",
        "PDC emulator",
        "password policy",
        "protected groups",
        "rights",
        "unused passwords",
        "people",
    ]
    details = {check.name: check.detail for check in checks}
    assert "days" in details[f"{where} TLS"]
    assert "localhost" in details["PDC emulator"]
    assert "12 characters" in details["password policy"]
    assert all(check.ok and not check.warning for check in checks)


def test_each_controller_is_checked_and_one_is_enough(
    simulation: Simulation, second: ActiveDirectoryServer, connect: Connect
) -> None:
    simulation.add_user()
    with dead() as nobody, peer(silent) as mute:
        checks = list(
            connect(**HASTY, urls=(nobody, mute, second.url, simulation.server.url)).check()
        )
    assert len(wrong(checks)) == 2
    assert {name.partition(" ")[2] for name in wrong(checks)} == {"name and port", "TLS"}
    assert sum(check.name.endswith(" directory") for check in checks) == 2


def test_a_certificate_that_proves_another_name_is_told(
    simulation: Simulation, connect: Connect
) -> None:
    simulation.server.present_certificate_for("dc9.corp.example.test")
    ((name, detail),) = wrong(list(connect().check())).items()
    assert name.endswith("TLS")
    assert "localhost" in detail


def test_a_right_that_is_missing_is_named(simulation: Simulation, connect: Connect) -> None:
    simulation.add_user()
    simulation.domain._delegations.clear()
    simulation.domain.delegate(
        SERVICE_ACCOUNT, below=simulation.staff_dn, rights=[Right.WRITE_LOCKOUT_TIME]
    )
    assert wrong(list(connect().check())) == {
        "rights": "the service account may not write pwdLastSet"
    }


@pytest.mark.parametrize("attribute", ["tokenGroups", "msDS-User-Account-Control-Computed"])
def test_what_may_not_be_read_is_named_and_stops_every_write(
    simulation: Simulation,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    attribute: str,
) -> None:
    """In a hardened domain tokenGroups needs the Windows Authorization Access Group."""
    user, accounts = simulation.add_user(), connect()
    monkeypatch.delitem(COMPUTED, attribute.lower())
    assert attribute in wrong(list(accounts.check()))["rights"]
    for attempt in (accounts.read, accounts.unlock, lambda guid: accounts.reset(guid, NEW)):
        with pytest.raises(RightMissing, match=attribute):
            attempt(user)
    assert simulation.server.count(Kind.MODIFY) == 0


def test_what_can_be_done_without_is_a_warning_with_its_price(
    simulation: Simulation, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, accounts = simulation.add_user(), connect()
    monkeypatch.delitem(COMPUTED, "replpropertymetadata")
    (warning,) = (check for check in accounts.check() if check.warning)
    assert warning.ok
    assert "nobody used in time is left alone" in warning.detail
    assert accounts.reset(user, NEW).password_version is None
    assert accounts.replace_unused(user, 1, NEW) is ReplaceResult.UNKNOWN
    assert simulation.server.count(Kind.MODIFY) == 1


def test_nobody_to_try_it_on_is_told(connect: Connect) -> None:
    assert "no user" in wrong(list(connect().check()))["rights"]


def test_clocks_that_stand_apart_are_told(simulation: Simulation) -> None:
    simulation.add_user()
    accounts = ActiveDirectory(
        simulation.settings(), now=lambda: datetime.now(UTC) + timedelta(minutes=6)
    )
    assert "36" in wrong(list(accounts.check()))["clock"]


def test_a_pdc_that_cannot_be_reached_is_told(
    simulation: Simulation, second: ActiveDirectoryServer, connect: Connect
) -> None:
    simulation.add_user()
    accounts = connect(urls=(second.url, simulation.server.url))
    simulation.server.faults.refuse_connections()
    assert set(wrong(list(accounts.check()))) >= {"PDC emulator"}


@pytest.mark.parametrize("kind", [Kind.BIND, Kind.SEARCH, Kind.START_TLS])
@pytest.mark.parametrize("skip", range(9))
def test_a_check_raises_nothing_whatever_breaks(
    simulation: Simulation, connect: Connect, kind: Kind, skip: int, clock: Clock
) -> None:
    simulation.add_user()
    server = simulation.server
    server.faults.drop(kind, skip=skip)
    server.faults.answer(kind, 80, skip=skip)
    server.faults.answer(kind, 99, skip=skip)
    accounts = connect(urls=(server.ldap_url, server.url))
    assert len(accounts.check()) > 3
    accounts.close()


def test_a_check_leaves_no_connection_behind(simulation: Simulation, connect: Connect) -> None:
    connect().check()
    server = simulation.server
    assert eventually(lambda: server.connections_open == 0)
    assert server.count(Kind.UNBIND) == server.connections_accepted
