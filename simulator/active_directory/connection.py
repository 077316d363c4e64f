"""One client's connection: bytes to messages, answers to bytes, and the faults between."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread

from simulator.active_directory import ber, refusals, wire
from simulator.active_directory.faults import Act, Fault, Faults, Silence
from simulator.active_directory.operations import Kind, Operation, operation_of
from simulator.active_directory.session import Session

_RECEIVED_OCTETS = 65536
_LONGEST_MESSAGE_OCTETS = 10 * 1024 * 1024
"""MaxReceiveBuffer of a domain nobody has tuned."""


class _HungUp(Exception):
    """The connection is to end now."""


class Connection:
    """A thread that serves one client until either side has enough."""

    def __init__(
        self,
        accepted: socket.socket,
        session: Session,
        *,
        context: ssl.SSLContext,
        faults: Faults,
        note: Callable[[Operation], None],
        ended: Callable[[Connection], None],
    ) -> None:
        self._socket = accepted
        self._line = accepted.dup()
        """The same connection for `stop`, whatever the thread is just making of the socket."""
        self._session = session
        self._context = context
        self._faults = faults
        self._note = note
        self._ended = ended
        self._received = bytearray()
        self._thread = Thread(target=self._run, daemon=True)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self, *, within_seconds: float) -> None:
        """Hang up, from another thread."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(within_seconds)

    def _run(self) -> None:
        try:
            with suppress(OSError, _HungUp):
                self._keep_silent(Silence.BEFORE_TLS)
                if self._session.encrypted:
                    self._turn_to_tls()
                self._keep_silent(Silence.AFTER_TLS)
                self._converse()
        finally:
            self._socket.close()
            self._line.close()
            self._ended(self)

    def _converse(self) -> None:
        try:
            for data in self._messages():
                self._serve(wire.read(data))
        except ber.BerError:
            refused = refusals.protocol_error("Error decoding ldap message")
            self._send(wire.notice_of_disconnection(refused.code, refused.text))

    def _serve(self, message: wire.Message) -> None:
        operation = operation_of(
            message, bound_as=self._session.bound_as, encrypted=self._session.encrypted
        )
        self._note(operation)
        fault = self._faults.due(operation.kind)
        answer = b"" if fault and not fault.applied else self._session.answer(message)
        self._send(self._instead(fault, message) if fault else answer)
        if operation.kind is Kind.UNBIND:
            raise _HungUp
        if self._session.starts_tls and fault is None:
            self._start_tls()

    def _instead(self, fault: Fault, message: wire.Message) -> bytes:
        """What is said instead of the answer."""
        match fault.act:
            case Act.HANG:
                self._faults.waiting.wait()
                raise _HungUp
            case Act.DROP:
                raise _HungUp
            case Act.ANSWER:
                return wire.result(message, fault.code, fault.text)
            case Act.GARBAGE:
                self._send(fault.data)
                raise _HungUp

    def _start_tls(self) -> None:
        self._session.starts_tls = False
        self._session.encrypted = True
        self._received.clear()  # Whatever came in clear must not count as said in TLS.
        self._turn_to_tls()

    def _turn_to_tls(self) -> None:
        self._socket = self._context.wrap_socket(self._socket, server_side=True)

    def _keep_silent(self, silence: Silence) -> None:
        if self._faults.silence is silence:
            self._faults.waiting.wait()
            raise _HungUp

    def _messages(self) -> Iterator[bytes]:
        while True:
            length = ber.message_length(self._received)
            if length is not None and length > _LONGEST_MESSAGE_OCTETS:
                raise ber.BerError("too long a message")
            if length is not None and length <= len(self._received):
                data = bytes(self._received[:length])
                del self._received[:length]
                yield data
            elif not self._receive():
                return

    def _receive(self) -> bool:
        received = self._socket.recv(_RECEIVED_OCTETS)
        self._received += received
        return bool(received)

    def _send(self, data: bytes) -> None:
        drip = self._faults.dripping
        if drip is None:
            self._socket.sendall(data)
            return
        for start in range(0, len(data), drip.octets):
            self._socket.sendall(data[start : start + drip.octets])
            self._faults.waiting.wait(drip.pause_seconds)
