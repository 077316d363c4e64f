"""No password leaves for a server that has not proved who it is."""

from __future__ import annotations

import ssl
from uuid import uuid4

import pytest
from pydantic import SecretStr

from directory.active_directory.session import Session
from directory.active_directory.wire import Deadline, Endpoint, trusting
from directory.errors import ConnectionNotSecure, DirectoryUnreachable
from simulator.active_directory import Kind, self_signed
from tests.directory.conftest import HASTY, Connect
from tests.directory.peers import Clock, peer, talking_http
from tests.directory.simulated import Simulation

NEW = SecretStr("Second-Passw0rd-of-all")


@pytest.mark.parametrize("starts_in_clear", [False, True])
@pytest.mark.parametrize("shown", ["expired", "another name", "self-signed"])
def test_a_certificate_that_proves_nothing_gets_no_password(
    simulation: Simulation, connect: Connect, shown: str, starts_in_clear: bool
) -> None:
    server, user = simulation.server, simulation.add_user()
    if shown == "expired":
        server.present_expired_certificate()
    elif shown == "another name":
        server.present_certificate_for("dc2.corp.example.test", "127.0.0.1")
    else:
        server.present(self_signed("localhost"))
    url = server.ldap_url if starts_in_clear else server.url
    with pytest.raises(ConnectionNotSecure):
        connect(urls=(url,)).reset(user, NEW)
    assert server.count(Kind.BIND) == 0
    assert simulation.sign_in_as(user, simulation.password) == "ok"


def test_start_tls_comes_before_any_other_word(simulation: Simulation, connect: Connect) -> None:
    user = simulation.add_user()
    assert connect(urls=(simulation.server.ldap_url,)).reset(user, NEW).must_change_password
    first, *others = simulation.server.operations
    assert first.kind is Kind.START_TLS
    assert all(operation.encrypted for operation in others)


def test_a_refused_start_tls_is_followed_by_no_bind(
    simulation: Simulation, connect: Connect
) -> None:
    for code in (1, 2, 52, 53):
        simulation.server.faults.answer(Kind.START_TLS, code)
        with pytest.raises(ConnectionNotSecure):
            connect(**HASTY, urls=(simulation.server.ldap_url,)).read(uuid4())
    said = {operation.kind for operation in simulation.server.operations}
    assert said <= {Kind.START_TLS, Kind.UNBIND}


def test_a_broken_start_tls_is_followed_by_no_bind(
    simulation: Simulation, connect: Connect
) -> None:
    faults = simulation.server.faults
    for break_it in (faults.drop, faults.hang, faults.garbage):
        break_it(Kind.START_TLS, times=1)
        with pytest.raises(DirectoryUnreachable):
            connect(**HASTY, urls=(simulation.server.ldap_url,)).read(uuid4())
    said = {operation.kind for operation in simulation.server.operations}
    assert said <= {Kind.START_TLS, Kind.UNBIND}


def test_a_session_never_signs_in_without_tls(simulation: Simulation, clock: Clock) -> None:
    settings = simulation.settings()
    endpoint = Endpoint.parse(simulation.server.ldap_url)
    session = Session.dial(endpoint, settings, Deadline(5, clock))
    with pytest.raises(ConnectionNotSecure):
        session.sign_in(settings)
    session.close()
    assert simulation.server.count(Kind.BIND) == 0


def test_a_server_without_tls_is_not_talked_to(connect: Connect) -> None:
    with peer(talking_http) as url, pytest.raises(ConnectionNotSecure, match="TLS failed"):
        connect(urls=(url,)).read(uuid4())


@pytest.mark.parametrize("ca_pem", [None, "own"])
def test_verification_is_on_for_every_authority(simulation: Simulation, ca_pem: str | None) -> None:
    context = trusting(ca_pem and simulation.server.ca_pem)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
