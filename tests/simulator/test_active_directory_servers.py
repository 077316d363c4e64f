"""The simulated domain controllers themselves: TLS, StartTLS, what they say of themselves."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator

import ldap3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ldap3.core.exceptions import LDAPStartTLSError

from simulator.active_directory import (
    ActiveDirectoryServer,
    CertificateAuthority,
    Clock,
    Kind,
    Sample,
    sample_domain,
    self_signed,
)
from simulator.active_directory.trial import connect

# On Python 3.11 ldap3 still calls what that version deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")


@pytest.fixture
def sample() -> Sample:
    return sample_domain(now=Clock())


@pytest.fixture
def server(sample: Sample) -> Iterator[ActiveDirectoryServer]:
    with ActiveDirectoryServer(sample.domain, ldap_port=0) as server:
        yield server


class TestCertificates:
    def test_a_good_one_is_accepted_by_its_file_too(
        self, server: ActiveDirectoryServer, sample: Sample
    ) -> None:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(server.ca_file))
        end = ldap3.Server(server.url, tls=tls, get_info=ldap3.NONE)
        connection = ldap3.Connection(end, sample.service_dn, sample.service_password)
        assert connection.bind()
        connection.unbind()

    def test_a_good_one_passes_the_strictest_check_under_each_of_its_names(
        self, server: ActiveDirectoryServer
    ) -> None:
        context = ssl.create_default_context(cadata=server.ca_pem)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        for name in ("localhost", "127.0.0.1", "dc1.northwind.example.test"):
            with (
                socket.create_connection(("127.0.0.1", port(server.url)), timeout=5) as plain,
                context.wrap_socket(plain, server_hostname=name) as secure,
            ):
                assert secure.version() in {"TLSv1.2", "TLSv1.3"}

    @pytest.mark.parametrize(
        ("present", "words"),
        [
            (lambda server: server.present_expired_certificate(), "expired"),
            (lambda server: server.present_certificate_for("elsewhere.test"), "Hostname mismatch"),
            (lambda server: server.present(self_signed("localhost")), "self-signed"),
            (
                lambda server: server.present(CertificateAuthority("Other").issue("localhost")),
                "unable to get local issuer",
            ),
        ],
    )
    def test_a_bad_one_is_refused_before_any_password_is_sent(
        self,
        server: ActiveDirectoryServer,
        present: Callable[[ActiveDirectoryServer], None],
        words: str,
    ) -> None:
        present(server)
        context = ssl.create_default_context(cadata=server.ca_pem)
        with (
            socket.create_connection(("127.0.0.1", port(server.url)), timeout=5) as plain,
            pytest.raises(ssl.SSLCertVerificationError, match=words),
        ):
            context.wrap_socket(plain, server_hostname="localhost")
        assert server.operations == ()


class TestStartTls:
    def test_makes_a_plain_port_secure(self, server: ActiveDirectoryServer, sample: Sample) -> None:
        connection = connect(
            server, sample.service_dn, sample.service_password, url=server.ldap_url
        )
        connection.open()
        assert connection.start_tls()
        assert connection.bind()
        change = {
            "unicodePwd": [(ldap3.MODIFY_REPLACE, ['"Walnut-Copper-77"'.encode("utf-16-le")])]
        }
        assert connection.modify(sample.domain.user("mia.keller").dn, change)
        connection.unbind()
        kinds = [(each.kind, each.encrypted) for each in server.operations]
        assert kinds[:2] == [(Kind.START_TLS, False), (Kind.BIND, True)]

    def test_with_a_bad_certificate_ends_before_the_bind(
        self, server: ActiveDirectoryServer, sample: Sample
    ) -> None:
        server.present(self_signed("localhost"))
        connection = connect(
            server, sample.service_dn, sample.service_password, url=server.ldap_url
        )
        connection.open()
        with pytest.raises(LDAPStartTLSError):
            connection.start_tls()
        connection.strategy.close()
        assert server.count(Kind.BIND) == 0

    def test_is_refused_where_tls_is_on_already(self, server: ActiveDirectoryServer) -> None:
        connection = connect(server)
        connection.bind()
        connection.extended("1.3.6.1.4.1.1466.20037")
        assert connection.result["result"] == 1
        connection.unbind()

    def test_is_needed_before_a_password_is_accepted(
        self, server: ActiveDirectoryServer, sample: Sample
    ) -> None:
        connection = connect(
            server, sample.service_dn, sample.service_password, url=server.ldap_url
        )
        assert not connection.bind()
        assert connection.result["result"] == 8
        assert connection.result["message"].startswith("00002028")
        connection.unbind()

    def test_needs_a_port_of_its_own(self, sample: Sample) -> None:
        with (
            ActiveDirectoryServer(sample.domain) as server,
            pytest.raises(ValueError, match="ldap_port"),
        ):
            assert server.ldap_url


class TestWhatIsTold:
    def test_everybody_hears_what_the_server_is(self, server: ActiveDirectoryServer) -> None:
        connection = connect(server)
        connection.bind()
        connection.search("", "(objectClass=*)", "BASE", attributes=["*"])
        told = connection.response[0]["raw_attributes"]
        connection.unbind()
        assert told["defaultNamingContext"] == [b"DC=northwind,DC=example,DC=test"]
        assert told["configurationNamingContext"][0].startswith(b"CN=Configuration,DC=")
        assert told["dnsHostName"] == [b"dc1.northwind.example.test"]
        assert told["currentTime"] == [b"20260601090000.0Z"]
        assert told["isSynchronized"] == [b"TRUE"]
        assert told["domainControllerFunctionality"] == [b"7"]
        assert told["highestCommittedUSN"] == [str(server.domain.update_number).encode()]
        assert b"1.2.840.113556.1.4.319" in told["supportedControl"]
        assert b"1.2.840.113556.1.4.800" in told["supportedCapabilities"]
        assert told["supportedLDAPVersion"] == [b"3", b"2"]

    def test_two_controllers_share_a_domain_and_name_the_pdc(self, sample: Sample) -> None:
        authority, domain = CertificateAuthority(), sample.domain
        with (
            ActiveDirectoryServer(domain, name="DC1", authority=authority) as first,
            ActiveDirectoryServer(
                domain, name="DC2", authority=authority, dns_host_name="localhost"
            ) as second,
        ):
            assert pdc_according_to(first, sample) == "dc1.northwind.example.test"
            domain.pdc = "DC2"
            assert pdc_according_to(first, sample) == "localhost"
            assert pdc_according_to(second, sample) == "localhost"
            assert domain.pdc == "DC2"
            domain.sign_in("mia.keller", "wrong")
            assert (first.count(Kind.BIND), second.count(Kind.BIND)) == (2, 1)

    def test_changes_are_numbered_for_whoever_watches(
        self, server: ActiveDirectoryServer, sample: Sample
    ) -> None:
        before = sample.domain.update_number
        sample.domain.lock_out("mia.keller")
        connection = connect(server, sample.service_dn, sample.service_password)
        connection.bind()
        where = f"(&(uSNChanged>={before + 1})(lockoutTime>=1))"
        connection.search(sample.domain.base_dn, where)
        people = [each["dn"] for each in connection.response if "dn" in each]
        connection.unbind()
        assert people == [sample.domain.user("mia.keller").dn]


class TestProtocol:
    @pytest.mark.parametrize("operation", ["add", "delete", "compare", "modify_dn"])
    def test_what_it_cannot_do_it_refuses(
        self, server: ActiveDirectoryServer, sample: Sample, operation: str
    ) -> None:
        connection = connect(server, sample.service_dn, sample.service_password)
        connection.bind()
        dn = sample.domain.user("mia.keller").dn
        arguments = {
            "add": (f"CN=New,{sample.staff_dn}", "user"),
            "delete": (dn,),
            "compare": (dn, "cn", "Mia"),
            "modify_dn": (dn, "CN=Other"),
        }
        getattr(connection, operation)(*arguments[operation])
        assert connection.result["result"] == 53
        connection.unbind()

    def test_an_unknown_extension_is_told(self, server: ActiveDirectoryServer) -> None:
        connection = connect(server)
        connection.bind()
        connection.extended("1.2.3.4")
        assert connection.result["result"] == 2
        assert connection.result["message"].startswith("0000203D")
        connection.unbind()

    def test_only_simple_binds_of_version_three_are_offered(
        self, server: ActiveDirectoryServer
    ) -> None:
        connection = connect(server)
        connection.version = 2
        connection.bind()
        assert connection.result["result"] == 2
        connection.unbind()
        sasl = connect(server)
        sasl.authentication, sasl.sasl_mechanism = ldap3.SASL, "EXTERNAL"
        sasl.bind()
        assert sasl.result["result"] == 7
        sasl.unbind()

    def test_abandon_is_ignored_and_unbind_ends_the_connection(
        self, server: ActiveDirectoryServer
    ) -> None:
        with plain_socket(server) as client:
            client.sendall(bytes.fromhex("30060201055001043005020106") + bytes.fromhex("4200"))
            assert client.recv(10) == b""
        assert [each.kind for each in server.operations] == [Kind.ABANDON, Kind.UNBIND]

    @pytest.mark.parametrize(
        "nonsense", [b"GET / HTTP/1.1\r\n\r\n", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80\x00\x00"]
    )
    def test_who_does_not_speak_ldap_is_told_and_hung_up_on(
        self, server: ActiveDirectoryServer, nonsense: bytes
    ) -> None:
        with plain_socket(server) as client:
            client.sendall(nonsense)
            assert b"1.3.6.1.4.1.1466.20036" in client.recv(1000)
            assert client.recv(10) == b""

    @settings(
        max_examples=50,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.binary(min_size=1, max_size=60))
    def test_no_bytes_whatever_break_it(self, server: ActiveDirectoryServer, data: bytes) -> None:
        with plain_socket(server) as client:
            client.sendall(b"\x30" + bytes([len(data)]) + data)
            client.shutdown(socket.SHUT_WR)
            while client.recv(1000):
                pass

    def test_stopping_ends_connections_and_gives_the_port_back(self, sample: Sample) -> None:
        server = ActiveDirectoryServer(sample.domain).start()
        connection = connect(server, sample.service_dn, sample.service_password)
        connection.bind()
        assert (server.connections_accepted, server.connections_open) == (1, 1)
        url = server.url
        server.stop()
        connection.strategy.close()
        assert server.connections_open == 0
        with ActiveDirectoryServer(sample.domain, port=port(url)) as again:
            assert again.url == url

    def test_stopping_does_not_wait_for_a_handshake_that_never_comes(self, sample: Sample) -> None:
        server = ActiveDirectoryServer(sample.domain).start()
        with socket.create_connection(("127.0.0.1", port(server.url)), timeout=5) as silent:
            silent.sendall(b"\x16")
            while not server.connections_open:
                time.sleep(0.01)
            begun = time.perf_counter()
            server.stop()
            assert time.perf_counter() - begun < 2

    def test_one_connection_carries_hundreds_of_operations_a_second(
        self, server: ActiveDirectoryServer, sample: Sample
    ) -> None:
        connection = connect(server, sample.service_dn, sample.service_password)
        connection.bind()
        dn = sample.domain.user("mia.keller").dn
        begun = time.perf_counter()
        for _ in range(100):
            connection.modify(dn, {"lockoutTime": [(ldap3.MODIFY_REPLACE, ["0"])]})
        took_seconds = time.perf_counter() - begun
        connection.unbind()
        assert took_seconds < 2, "Nagle's algorithm would make it 4 seconds"


def plain_socket(server: ActiveDirectoryServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port(server.ldap_url)), timeout=5)


def port(url: str) -> int:
    return int(url.rpartition(":")[2])


def pdc_according_to(server: ActiveDirectoryServer, sample: Sample) -> str:
    """As a client finds it: the owner of the role, its server object, that one's host name."""
    connection = connect(server, sample.service_dn, sample.service_password)
    connection.bind()
    every = "(objectClass=*)"
    connection.search(sample.domain.base_dn, every, "BASE", attributes=["fSMORoleOwner"])
    owner = connection.response[0]["attributes"]["fSMORoleOwner"][0]
    parent = owner.partition(",")[2]
    connection.search(parent, every, "BASE", attributes=["dNSHostName"])
    host_name = connection.response[0]["attributes"]["dNSHostName"][0]
    connection.unbind()
    return str(host_name)
