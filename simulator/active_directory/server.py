"""A domain controller on TCP: a port for LDAP over TLS, and one for StartTLS if it is wanted."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from simulator.active_directory import controls
from simulator.active_directory.certificates import Certificate, CertificateAuthority
from simulator.active_directory.connection import Connection
from simulator.active_directory.domain import Domain
from simulator.active_directory.faults import Faults
from simulator.active_directory.listener import Listener
from simulator.active_directory.operations import Kind, Operation
from simulator.active_directory.session import Session

_JOIN_SECONDS = 5.0


class ActiveDirectoryServer:
    """One domain controller. Several may share a domain; the first is its PDC.

    Port 0 lets the system choose. `ldap_port` opens a second port for StartTLS.
    `address` is what the URLs name, and what the certificate proves beside the DNS name.
    """

    def __init__(
        self,
        domain: Domain,
        *,
        name: str = "DC1",
        dns_host_name: str | None = None,
        host: str = "127.0.0.1",
        address: str = "localhost",
        port: int = 0,
        ldap_port: int | None = None,
        authority: CertificateAuthority | None = None,
        certificate: Certificate | None = None,
        supported_controls: tuple[str, ...] = controls.SUPPORTED,
    ) -> None:
        self.domain = domain
        self.controller = domain.add_controller(name, dns_host_name)
        self.address = address
        self.authority = authority or CertificateAuthority()
        self.faults = Faults(self._set_listening)
        self._names = (self.controller.dns_host_name, address, host)
        self._supported_controls = supported_controls
        self._lock = Lock()
        self._operations: list[Operation] = []
        self._connections: set[Connection] = set()
        self._accepted = 0
        self._ldaps = Listener(host, port, lambda each: self._welcome(each, encrypted=True))
        self._listeners = [self._ldaps]
        if ldap_port is not None:
            self._listeners.append(
                Listener(host, ldap_port, lambda each: self._welcome(each, encrypted=False))
            )
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.present(certificate or self.authority.issue(*self._names))

    def start(self) -> Self:
        """Open the ports; returns when connections are accepted."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="simulated-ad-")
            self.ca_file.write_text(self.ca_pem)
        for listener in self._listeners:
            listener.open()
        return self

    def stop(self) -> None:
        """Close the ports and end every connection."""
        for listener in self._listeners:
            listener.close()
        self._end_connections()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """For LDAP over TLS."""
        return f"ldaps://{self.address}:{self._ldaps.port}"

    @property
    def ldap_url(self) -> str:
        """For StartTLS. ValueError if the server was made without an `ldap_port`."""
        if len(self._listeners) == 1:
            raise ValueError("give ActiveDirectoryServer an ldap_port for StartTLS")
        return f"ldap://{self.address}:{self._listeners[1].port}"

    @property
    def ca_pem(self) -> str:
        """The authority to trust."""
        return self.authority.pem

    @property
    def ca_file(self) -> Path:
        """The same as a file, which is there while the server runs."""
        if self._folder is None:
            raise ValueError("the file is there once the server is started")
        return Path(self._folder.name, "ca.pem")

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What it was asked so far, in order."""
        with self._lock:
            return tuple(self._operations)

    @property
    def connections_accepted(self) -> int:
        """How many connections there were so far."""
        with self._lock:
            return self._accepted

    @property
    def connections_open(self) -> int:
        """How many there are now."""
        with self._lock:
            return len(self._connections)

    def count(self, kind: Kind) -> int:
        """How many operations of one kind it was asked for."""
        return sum(operation.kind is kind for operation in self.operations)

    def forget_operations(self) -> None:
        """Start a new list."""
        with self._lock:
            self._operations.clear()

    def present(self, certificate: Certificate) -> None:
        """Show another certificate from the next connection on."""
        self._context = certificate.server_context()

    def present_expired_certificate(self) -> None:
        """One of the right authority for the right names, which ended in 2021."""
        self.present(self.authority.issue(*self._names, expired=True))

    def present_certificate_for(self, *names: str) -> None:
        """One of the right authority for other names."""
        self.present(self.authority.issue(*names))

    def _welcome(self, accepted: socket.socket, *, encrypted: bool) -> None:
        session = Session(
            self.domain,
            self.controller,
            encrypted=encrypted,
            supported_controls=self._supported_controls,
        )
        connection = Connection(
            accepted,
            session,
            context=self._context,
            faults=self.faults,
            note=self._note,
            ended=self._forget,
        )
        with self._lock:
            self._accepted += 1
            self._connections.add(connection)
        connection.start()

    def _note(self, operation: Operation) -> None:
        with self._lock:
            self._operations.append(operation)

    def _forget(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)

    def _set_listening(self, listening: bool) -> None:  # noqa: FBT001 - called by Faults alone
        if self._folder is None:
            return
        for listener in self._listeners:
            if listening:
                listener.open()
            else:
                listener.refuse()
        if not listening:
            self._end_connections()

    def _end_connections(self) -> None:
        self.faults.release()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.stop(within_seconds=_JOIN_SECONDS)
