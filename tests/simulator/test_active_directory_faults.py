"""Things going wrong with the simulated Active Directory, on demand."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import ldap3
import pytest
from ldap3.core.exceptions import (
    LDAPSessionTerminatedByServerError,
    LDAPSocketReceiveError,
)

from simulator.active_directory import (
    ActiveDirectoryServer,
    Clock,
    Kind,
    Sample,
    sample_domain,
)
from simulator.active_directory.trial import connect

# On Python 3.11 ldap3 still calls what that version deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")

FORCE_CHANGE = {"pwdLastSet": [(ldap3.MODIFY_REPLACE, ["0"])]}


@pytest.fixture
def sample() -> Sample:
    return sample_domain(now=Clock())


@pytest.fixture
def server(sample: Sample) -> Iterator[ActiveDirectoryServer]:
    with ActiveDirectoryServer(sample.domain) as server:
        yield server


@pytest.fixture
def service(server: ActiveDirectoryServer, sample: Sample) -> Iterator[Any]:
    connection = connect(
        server, sample.service_dn, sample.service_password, receive_timeout_seconds=1
    )
    assert connection.bind()
    yield connection
    connection.strategy.close()


def mia(sample: Sample) -> str:
    return sample.domain.user("mia.keller").dn


def must_change(sample: Sample) -> bool:
    return sample.domain.user("mia.keller").must_change_password


def wait_for_the_end_of_connections(server: ActiveDirectoryServer) -> None:
    give_up = time.monotonic() + 5
    while server.connections_open:
        assert time.monotonic() < give_up
        time.sleep(0.01)


def port(server: ActiveDirectoryServer) -> int:
    return int(server.url.rpartition(":")[2])


def test_refused_connections_end_the_open_ones_and_come_back_on_the_same_port(
    server: ActiveDirectoryServer, sample: Sample, service: Any
) -> None:
    before = server.url
    server.faults.refuse_connections()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port(server)), timeout=2)
    with pytest.raises(LDAPSessionTerminatedByServerError):
        service.search(mia(sample), "(objectClass=*)")
    server.faults.clear()
    assert server.url == before
    again = connect(server, sample.service_dn, sample.service_password)
    assert again.bind()
    again.unbind()


def test_silence_before_tls_keeps_the_handshake_waiting(server: ActiveDirectoryServer) -> None:
    server.faults.say_nothing()
    context = ssl.create_default_context(cadata=server.ca_pem)
    with (
        socket.create_connection(("127.0.0.1", port(server)), timeout=0.2) as plain,
        pytest.raises(TimeoutError),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_silence_after_tls_keeps_the_bind_waiting(
    server: ActiveDirectoryServer, sample: Sample
) -> None:
    server.faults.say_nothing(after_tls=True)
    connection = connect(
        server, sample.service_dn, sample.service_password, receive_timeout_seconds=1
    )
    connection.open()
    with pytest.raises(LDAPSocketReceiveError):
        connection.bind()
    assert server.operations == ()
    server.faults.clear()
    connection.strategy.close()


@pytest.mark.parametrize("applied", [False, True])
def test_a_hanging_modify_is_applied_or_not_as_it_is_asked_for(
    server: ActiveDirectoryServer, sample: Sample, service: Any, applied: bool
) -> None:
    server.faults.hang(Kind.MODIFY, applied=applied)
    with pytest.raises(LDAPSocketReceiveError):
        service.modify(mia(sample), FORCE_CHANGE)
    assert must_change(sample) is applied
    assert server.count(Kind.MODIFY) == 1


@pytest.mark.parametrize("applied", [False, True])
def test_a_dropped_modify_is_applied_or_not_as_it_is_asked_for(
    server: ActiveDirectoryServer, sample: Sample, service: Any, applied: bool
) -> None:
    server.faults.drop(Kind.MODIFY, applied=applied)
    with pytest.raises(LDAPSessionTerminatedByServerError):
        service.modify(mia(sample), FORCE_CHANGE)
    assert must_change(sample) is applied
    assert server.count(Kind.MODIFY) == 1


def test_an_answer_may_be_made_up_as_often_as_it_is_asked_for(
    server: ActiveDirectoryServer, sample: Sample, service: Any
) -> None:
    server.faults.answer(Kind.MODIFY, 51, "0000200E: SvcErr: busy", times=2)
    results = []
    for _ in range(3):
        service.modify(mia(sample), FORCE_CHANGE)
        results.append((service.result["result"], service.result["message"]))
    assert results == [(51, "0000200E: SvcErr: busy")] * 2 + [(0, "")]


def test_an_answer_may_lie_about_what_was_applied(
    server: ActiveDirectoryServer, sample: Sample, service: Any
) -> None:
    server.faults.answer(Kind.MODIFY, 80, applied=True)
    assert not service.modify(mia(sample), FORCE_CHANGE)
    assert must_change(sample)


def test_a_fault_may_wait_for_a_later_operation(
    server: ActiveDirectoryServer, sample: Sample, service: Any
) -> None:
    server.faults.answer(Kind.SEARCH, 52, skip=1)
    results = []
    for _ in range(3):
        service.search(mia(sample), "(objectClass=*)", "BASE")
        results.append(service.result["result"])
    assert results == [0, 52, 0]


def test_faults_of_other_operations_leave_this_one_alone(
    server: ActiveDirectoryServer, sample: Sample, service: Any
) -> None:
    server.faults.drop(Kind.MODIFY)
    assert service.search(mia(sample), "(objectClass=*)", "BASE")
    server.faults.clear()
    assert service.modify(mia(sample), FORCE_CHANGE)


def test_a_fault_of_every_operation_spares_those_that_have_no_answer(
    server: ActiveDirectoryServer, sample: Sample, service: Any
) -> None:
    server.faults.answer(None, 51, times=None)
    service.search(mia(sample), "(objectClass=*)")
    assert service.result["result"] == 51
    service.unbind()
    wait_for_the_end_of_connections(server)
    assert server.operations[-1].kind is Kind.UNBIND


def test_a_bind_may_be_refused_without_anybody_being_counted(
    server: ActiveDirectoryServer, sample: Sample
) -> None:
    text = "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v4563"
    server.faults.answer(Kind.BIND, 49, text, times=None)
    connection = connect(server, sample.service_dn, sample.service_password)
    assert not connection.bind()
    assert "data 52e" in connection.result["message"]
    assert sample.domain.user("svc-resetline").bad_password_count == 0
    connection.unbind()


def test_garbage_is_no_ldap(server: ActiveDirectoryServer, sample: Sample, service: Any) -> None:
    server.faults.garbage(Kind.SEARCH)
    with pytest.raises(KeyError):
        service.search(mia(sample), "(objectClass=*)")


def test_dripping_answers_arrive_whole_and_late(
    server: ActiveDirectoryServer, sample: Sample, service: Any
) -> None:
    server.faults.drip(octets=20, pause_seconds=0.01)
    begun = time.perf_counter()
    assert service.search(mia(sample), "(objectClass=*)", "BASE", attributes=["*"])
    assert time.perf_counter() - begun > 0.2
    assert service.response[0]["attributes"]["sAMAccountName"] == ["mia.keller"]


def test_each_server_has_faults_of_its_own(sample: Sample, server: ActiveDirectoryServer) -> None:
    with ActiveDirectoryServer(sample.domain, name="DC2") as other:
        server.faults.refuse_connections()
        connection = connect(other, sample.service_dn, sample.service_password)
        assert connection.bind()
        connection.unbind()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port(server)), timeout=2)


def test_faults_can_be_set_before_the_server_starts_and_end_with_it(sample: Sample) -> None:
    server = ActiveDirectoryServer(sample.domain)
    server.faults.hang(Kind.BIND)
    server.faults.clear()
    server.faults.hang(Kind.BIND)
    with server:
        connection = connect(
            server, sample.service_dn, sample.service_password, receive_timeout_seconds=1
        )
        with pytest.raises(LDAPSocketReceiveError):
            connection.bind()
    connection.strategy.close()
    assert server.connections_open == 0


def test_the_log_of_operations_can_be_started_anew(
    server: ActiveDirectoryServer, sample: Sample, service: Any
) -> None:
    service.modify(mia(sample), FORCE_CHANGE)
    noted = server.operations[-1]
    assert (noted.kind, noted.target, noted.bound_as) == (Kind.MODIFY, mia(sample), "svc-resetline")
    assert noted.attributes == ("pwdLastSet",)
    server.forget_operations()
    assert server.operations == ()
