"""Peers that are no directory: each breaks the conversation in one way."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from ldap3 import Server

from directory.active_directory.session import Session
from directory.active_directory.wire import Deadline, Endpoint, Wire


class Clock:
    """A monotonic clock that can be turned forward."""

    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_seconds


def eventually(holds: Callable[[], bool], within_seconds: float = 5) -> bool:
    """Whether something comes true: what another thread does takes a moment."""
    last = time.monotonic() + within_seconds
    while not holds() and time.monotonic() < last:
        time.sleep(0.01)
    return holds()


Talk = Callable[[socket.socket, Event], None]


def silent(_: socket.socket, ended: Event) -> None:
    """Accepts, and never says a word."""
    ended.wait()


def hanging_up(_: socket.socket, ended: Event) -> None:
    """Accepts, and hangs up."""


def talking_http(connection: socket.socket, ended: Event) -> None:
    """Speaks another protocol."""
    connection.recv(1)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    ended.wait()


def dripping(connection: socket.socket, ended: Event) -> None:
    """Sends the beginning of a TLS record, and then a byte now and again."""
    connection.sendall(b"\x16\x03\x03\x40\x00")
    while not ended.wait(0.2):
        connection.sendall(b"\x02")


@contextmanager
def peer(talk: Talk) -> Iterator[str]:
    """Run it; yields its ldaps URL."""
    ended = Event()
    listening = socket.create_server(("127.0.0.1", 0))
    thread = Thread(target=_serve, args=(listening, talk, ended), daemon=True)
    thread.start()
    try:
        yield f"ldaps://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


@contextmanager
def dead() -> Iterator[str]:
    """A port where nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"ldaps://127.0.0.1:{bound.getsockname()[1]}"


def _serve(listening: socket.socket, talk: Talk, ended: Event) -> None:
    talks = []
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            talks.append(Thread(target=_talk, args=(connection, talk, ended), daemon=True))
            talks[-1].start()
    for each in talks:
        each.join()


def _talk(connection: socket.socket, talk: Talk, ended: Event) -> None:
    with connection, suppress(OSError):
        talk(connection, ended)


@contextmanager
def session_hearing(data: bytes) -> Iterator[Session]:
    """A session with a peer that has already said this, and will listen but say no more."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        session = session_over(ours)
        yield session
        session.close()


def session_over(ours: socket.socket) -> Session:
    """A session over any socket, without TLS. Its first request will have the number 1."""
    wire = Wire(Endpoint("dc1", 636, start_tls=False), receive_timeout_seconds=5)
    wire._socket = ours
    wire.begin(Deadline(5, Clock()))
    Server._message_counter = 0  # type: ignore[attr-defined]
    return Session(wire)
