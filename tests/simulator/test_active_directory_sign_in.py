"""Signing in to the simulated Active Directory, and how accounts are locked and freed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from simulator.active_directory import (
    ActiveDirectoryServer,
    Clock,
    Control,
    Kind,
    Policy,
    Sample,
    SignIn,
    sample_domain,
)
from simulator.active_directory.trial import connect

# On Python 3.11 ldap3 still calls what that version deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sample(clock: Clock) -> Sample:
    return sample_domain(now=clock)


@pytest.fixture
def server(sample: Sample) -> Iterator[ActiveDirectoryServer]:
    with ActiveDirectoryServer(sample.domain) as server:
        yield server


def bind(server: ActiveDirectoryServer, name: str, password: str) -> str:
    """`ok`, or the data code of the refusal."""
    connection = connect(server, name, password)
    try:
        if connection.bind():
            return "ok"
        assert connection.result["result"] == 49
        text = str(connection.result["message"])
        assert text.startswith("80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext")
        assert text.endswith(", v4563\x00")
        return text.partition("data ")[2].partition(",")[0]
    finally:
        connection.unbind()


@pytest.mark.parametrize(
    "name",
    [
        "CN=Mia Keller,OU=Staff,DC=northwind,DC=example,DC=test",
        "cn=mia keller, ou=staff, dc=Northwind, dc=example, dc=test",
        "mia.keller@northwind.example.test",
        "Mia.Keller@NORTHWIND.example.test",
        "NORTHWIND\\mia.keller",
        "northwind.example.test\\mia.keller",
    ],
)
def test_a_person_signs_in_under_each_of_their_names(
    server: ActiveDirectoryServer, sample: Sample, name: str
) -> None:
    assert bind(server, name, sample.passwords["mia.keller"]) == "ok"


@pytest.mark.parametrize(
    "name",
    ["nobody@northwind.example.test", "ELSEWHERE\\mia.keller", "CN=Sales,OU=Staff", "mia.keller"],
)
def test_a_name_that_is_nobodys_is_told_as_such(server: ActiveDirectoryServer, name: str) -> None:
    assert bind(server, name, "whatever") == "525"


def test_a_wrong_password_is_counted_with_its_time(
    server: ActiveDirectoryServer, sample: Sample
) -> None:
    mia = sample.domain.user("mia.keller")
    assert bind(server, mia.principal_name, "wrong") == "52e"
    assert mia.bad_password_count == 1
    assert mia.bad_password_time > 0
    assert not mia.values("lockoutTime")


def test_the_third_wrong_password_locks_and_then_not_even_the_right_one_opens(
    server: ActiveDirectoryServer, sample: Sample
) -> None:
    mia = sample.domain.user("mia.keller")
    before = mia.number("uSNChanged")
    assert [bind(server, mia.principal_name, "wrong") for _ in range(3)] == ["52e"] * 3
    assert bind(server, mia.principal_name, sample.passwords["mia.keller"]) == "775"
    assert bind(server, mia.principal_name, "wrong") == "775"
    assert mia.bad_password_count == 3
    assert mia.lockout_time > 0
    assert mia.number("uSNChanged") > before


def test_a_lockout_ends_after_its_duration_and_a_sign_in_wipes_its_traces(
    server: ActiveDirectoryServer, sample: Sample, clock: Clock
) -> None:
    sample.domain.lock_out("mia.keller")
    mia, password = sample.domain.user("mia.keller"), sample.passwords["mia.keller"]
    clock.turn(timedelta(minutes=29, seconds=59))
    assert bind(server, mia.principal_name, password) == "775"
    clock.turn(timedelta(seconds=1))
    assert mia.lockout_time > 0
    assert bind(server, mia.principal_name, password) == "ok"
    assert (mia.lockout_time, mia.bad_password_count) == (0, 0)


def test_wrong_passwords_are_forgotten_after_the_observation_window(
    server: ActiveDirectoryServer, sample: Sample, clock: Clock
) -> None:
    mia = sample.domain.user("mia.keller")
    for _ in range(2):
        bind(server, mia.principal_name, "wrong")
    clock.turn(timedelta(minutes=30))
    bind(server, mia.principal_name, "wrong")
    assert mia.bad_password_count == 1
    assert not sample.domain.is_locked("mia.keller")


def test_without_a_threshold_nobody_is_locked(clock: Clock) -> None:
    sample = sample_domain(now=clock, policy=Policy(lockout_threshold=0))
    for _ in range(20):
        assert sample.domain.sign_in("mia.keller", "wrong") is SignIn.WRONG_PASSWORD
    assert not sample.domain.is_locked("mia.keller")


def test_a_lockout_without_a_duration_lasts_until_somebody_unlocks(clock: Clock) -> None:
    sample = sample_domain(now=clock, policy=Policy(lockout_threshold=1, lockout_duration=None))
    sample.domain.sign_in("mia.keller", "wrong")
    clock.turn(timedelta(days=40))
    assert sample.domain.is_locked("mia.keller")


def test_an_old_password_is_wrong_and_locks_nobody(
    server: ActiveDirectoryServer, sample: Sample
) -> None:
    mia, old = sample.domain.user("mia.keller"), sample.passwords["mia.keller"]
    sample.domain.set_password("mia.keller", "Walnut-Copper-77")
    assert [bind(server, mia.principal_name, old) for _ in range(5)] == ["52e"] * 5
    assert mia.bad_password_count == 0


def test_a_disabled_account_is_told_only_to_who_knows_its_password(
    server: ActiveDirectoryServer, sample: Sample
) -> None:
    tom = sample.domain.user("tom.becker")
    assert bind(server, tom.principal_name, sample.passwords["tom.becker"]) == "533"
    assert bind(server, tom.principal_name, "wrong") == "52e"


def test_a_password_that_must_be_changed_is_right_and_does_not_open(
    server: ActiveDirectoryServer, sample: Sample
) -> None:
    sample.domain.set_password("mia.keller", "Walnut-Copper-77", must_change=True)
    assert bind(server, "NORTHWIND\\mia.keller", "Walnut-Copper-77") == "773"


def test_a_password_that_never_expires_need_not_be_changed_either(
    server: ActiveDirectoryServer, sample: Sample
) -> None:
    sample.domain.add_user(
        "robot", password="Walnut-Copper-77", flags=Control.PASSWORD_NEVER_EXPIRES, must_change=True
    )
    assert bind(server, "NORTHWIND\\robot", "Walnut-Copper-77") == "ok"


def test_an_expired_password_and_an_expired_account_differ(
    server: ActiveDirectoryServer, sample: Sample, clock: Clock
) -> None:
    sample.domain.add_user("guest", password="Walnut-Copper-77", expires=clock())
    assert bind(server, "NORTHWIND\\guest", "Walnut-Copper-77") == "701"
    clock.turn(timedelta(days=70))
    assert bind(server, "NORTHWIND\\mia.keller", sample.passwords["mia.keller"]) == "532"


def test_nobody_signs_in_by_a_bind_without_a_name(server: ActiveDirectoryServer) -> None:
    connection = connect(server)
    assert connection.bind()
    assert connection.extend.standard.who_am_i() is None
    connection.unbind()
    assert server.operations[0].bound_as == ""


def test_who_am_i_tells_the_account(server: ActiveDirectoryServer, sample: Sample) -> None:
    connection = connect(server, "NORTHWIND\\mia.keller", sample.passwords["mia.keller"])
    connection.bind()
    assert connection.extend.standard.who_am_i() == "u:NORTHWIND\\mia.keller"
    connection.unbind()


def test_a_refused_bind_ends_the_one_before(server: ActiveDirectoryServer, sample: Sample) -> None:
    connection = connect(server, "NORTHWIND\\mia.keller", sample.passwords["mia.keller"])
    connection.bind()
    connection.rebind("NORTHWIND\\sam.ortiz", "wrong")
    connection.search(sample.domain.base_dn, "(objectClass=*)")
    assert connection.result["result"] == 1
    assert connection.result["message"].startswith("000004DC")
    connection.unbind()


def test_what_a_person_types_is_nowhere_to_be_found_in_the_server(
    server: ActiveDirectoryServer, sample: Sample
) -> None:
    password = sample.passwords["mia.keller"]
    bind(server, "NORTHWIND\\mia.keller", password)
    mia = sample.domain.user("mia.keller")
    told = [repr(server.operations), repr(mia.passwords), repr(sample), repr(list(mia.stored()))]
    assert server.count(Kind.BIND) == 1
    assert password not in "".join(told)


def test_the_windows_computer_of_the_demo_signs_in_and_changes_the_password(
    sample: Sample, clock: Clock
) -> None:
    sample.domain.set_password("mia.keller", "Walnut-Copper-77", must_change=True)
    outcome = sample.domain.sign_in("mia.keller", "Walnut-Copper-77")
    assert outcome is SignIn.MUST_CHANGE_PASSWORD
    sample.domain.change_password("mia.keller", "Walnut-Copper-77", "My-own-Words-2026")
    assert sample.domain.sign_in("mia.keller", "My-own-Words-2026") is SignIn.ACCEPTED
    assert sample.domain.sign_in("nobody", "x") is SignIn.NO_SUCH_USER
