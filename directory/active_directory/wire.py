"""The way to one domain controller: its address, TCP and proven TLS, all held to a deadline."""

from __future__ import annotations

import queue
import re
import select
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from directory.errors import ConnectionNotSecure, DirectoryMisconfigured, DirectoryUnreachable

DEFAULT_PORTS = {"ldaps": 636, "ldap": 389}
MOST_BYTES_IN_AN_ANSWER = 1024 * 1024
"""An account is a few kilobytes. A peer that sends without end is not a directory."""
MOST_BYTES_IN_A_PAGE = 32 * 1024 * 1024
"""Five hundred of them, each with as much as the attributes that we ask for can hold."""
SOURCE_OF_OPENSSL = re.compile(r"^_ssl\.c:\d+: | \(_ssl\.c:\d+\)$")

Clock = Callable[[], float]


class Deadline:
    """A point in time by which everything has to be over."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._clock = clock
        self._at = clock() + seconds

    def left(self) -> float:
        """The seconds left. Raises TimeoutError when there are none."""
        seconds = self._at - self._clock()
        if seconds <= 0:
            raise TimeoutError("it took too long")
        return seconds

    @property
    def passed(self) -> bool:
        """Whether nothing can be done in time any more."""
        return self._clock() >= self._at

    def sooner(self, seconds: float) -> Deadline:
        """A deadline in so many seconds, or this one where it comes first."""
        return Deadline(min(seconds, self._at - self._clock()), self._clock)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a domain controller listens, and whether TLS begins at once or by StartTLS."""

    host: str
    port: int
    start_tls: bool

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """From a URL. It must be one that can only end in TLS or in an error."""
        parts, port = _taken_apart(url.strip())
        tail = parts.path.strip("/") + parts.query + parts.fragment
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc or tail:
            which = f"the URL of {parts.hostname or 'a controller'}"
            raise DirectoryMisconfigured(f"{which} is not of the form ldaps://host[:port]")
        return cls(parts.hostname, port or DEFAULT_PORTS[parts.scheme], parts.scheme == "ldap")

    def __str__(self) -> str:
        """Read as host:port."""
        return f"{self.host}:{self.port}"


def trusting(ca_pem: str | None) -> ssl.SSLContext:
    """Certificate and host name are always verified, by these authorities or the system's.

    There is no setting that turns this off.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.check_hostname = True
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca_pem is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(cadata=ca_pem)
    except (ssl.SSLError, ValueError):
        raise DirectoryMisconfigured("the certificate authority is not readable PEM") from None
    return context


class Wire:
    """The socket that ldap3 reads and writes.

    ldap3's own timeout counts anew with each packet, so a controller that drips one byte a second
    would hold us for ever. Here a whole answer has to come in time, and before the deadline.
    """

    def __init__(self, endpoint: Endpoint, receive_timeout_seconds: float) -> None:
        self.endpoint = endpoint
        self.departed = False
        """Something was handed to the network since this was last set to False."""
        self._receive_timeout_seconds = receive_timeout_seconds
        self._most_bytes = MOST_BYTES_IN_AN_ANSWER
        self._socket: socket.socket | ssl.SSLSocket | None = None
        self._deadline: Deadline | None = None
        self._answer_due: Deadline | None = None
        self._received = 0

    def begin(self, deadline: Deadline) -> None:
        """Start an operation."""
        self._deadline = self._answer_due = deadline

    def expect_pages(self, seconds: float) -> None:
        """What follows are long answers, for each of which so long is waited."""
        self._receive_timeout_seconds = seconds
        self._most_bytes = MOST_BYTES_IN_A_PAGE

    def connect(self, budget: Deadline) -> None:
        """Try the host's addresses in turn; a dead one may not use up the time of the next."""
        try:
            self._socket = _dialled(self.endpoint, budget)
        except (OSError, ValueError) as error:
            raise DirectoryUnreachable(f"{self.endpoint}: {_said(error)}") from None

    def secure(self, context: ssl.SSLContext, budget: Deadline) -> None:
        """Speak TLS from here on, with a server that has proved its name."""
        try:
            self._connected().settimeout(budget.left())
            self._socket = context.wrap_socket(
                self._connected(), server_hostname=self.endpoint.host
            )
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise DirectoryUnreachable(f"{self.endpoint}: {_said(error)}") from None
        except ssl.SSLCertVerificationError as error:
            raise ConnectionNotSecure(f"{self.endpoint}: {error.verify_message}") from None
        except ssl.SSLError as error:
            raise ConnectionNotSecure(f"{self.endpoint}: TLS failed: {_said(error)}") from None
        except (OSError, ValueError) as error:
            raise DirectoryUnreachable(f"{self.endpoint}: TLS: {_said(error)}") from None

    @property
    def secured(self) -> bool:
        """Whether everything written from here on is encrypted."""
        return isinstance(self._socket, ssl.SSLSocket)

    def certificate_expires_at(self) -> datetime | None:
        """The end of the server's certificate."""
        if not isinstance(self._socket, ssl.SSLSocket):
            return None
        certificate: dict[str, Any] = self._socket.getpeercert() or {}
        ends = ssl.cert_time_to_seconds(certificate["notAfter"])
        return datetime.fromtimestamp(ends, UTC)

    def quiet(self) -> bool:
        """Whether the peer has said nothing: before a request, all it can say is good-bye."""
        if self._socket is None:
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def recv(self, size: int) -> bytes:
        """Read, as ldap3 asks for it."""
        data = self._in_time().recv(size)
        self._received += len(data)
        if self._received > self._most_bytes:
            raise OSError("the answer is too long")
        return data

    def sendall(self, data: bytes) -> None:
        """Write, as ldap3 asks for it. From here on the peer may have got it."""
        self._expect_an_answer()
        connected = self._in_time()
        self.departed = True
        connected.sendall(data)

    def shutdown(self, how: int) -> None:
        """End the connection on both sides, as ldap3 asks for it."""
        if self._socket:
            self._socket.shutdown(how)

    def close(self) -> None:
        """Give the socket back. In a forked child this leaves the parent's connection alone."""
        if self._socket:
            self._socket.close()
            self._socket = None

    def _expect_an_answer(self) -> None:
        self._received = 0
        if self._deadline:
            self._answer_due = self._deadline.sooner(self._receive_timeout_seconds)

    def _in_time(self) -> socket.socket:
        if self._answer_due:
            self._connected().settimeout(self._answer_due.left())
        return self._connected()

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise OSError("the connection is closed")
        return self._socket


Found = list[tuple[Any, ...]] | OSError | ValueError


def _dialled(endpoint: Endpoint, budget: Deadline) -> socket.socket:
    addresses = _addresses(endpoint, budget.left())
    failure: OSError = OSError("the name has no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        attempt = socket.socket(family, kind, protocol)
        try:
            attempt.settimeout(budget.left() / (len(addresses) - tried))
            attempt.connect(address)
        except OSError as error:
            attempt.close()
            failure = error
        else:
            return attempt
    raise failure


def _addresses(endpoint: Endpoint, seconds: float) -> list[tuple[Any, ...]]:
    """Resolve the name in a thread: where DNS hangs, nothing else could make it stop in time."""
    answer: queue.SimpleQueue[Found] = queue.SimpleQueue()
    threading.Thread(target=_resolve, args=(endpoint, answer), daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("its name was not resolved in time") from None
    if isinstance(found, Exception):
        raise found
    return found


def _resolve(endpoint: Endpoint, answer: queue.SimpleQueue[Found]) -> None:
    try:
        answer.put(
            list(socket.getaddrinfo(*(endpoint.host, endpoint.port), type=socket.SOCK_STREAM))
        )
    except (OSError, ValueError) as error:
        answer.put(error)


def _taken_apart(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise DirectoryMisconfigured("the address or port in a URL is not valid") from None
    return parts, port


def _said(error: Exception) -> str:
    """An error of the socket in words, without the file and line of OpenSSL's source."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return SOURCE_OF_OPENSSL.sub("", str(words))
