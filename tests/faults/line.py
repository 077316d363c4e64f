"""A line to a server, on a port of this machine, whose traffic can be spoilt on demand."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto

PIECE_BYTES = 65536
LOOK_AGAIN_SECONDS = 0.02
ARRIVES_WITHIN_SECONDS = 0.3

Target = tuple[str, int] | str
"""A host and port, or the path of a Unix socket."""

Pair = tuple[socket.socket, socket.socket]
"""Who asks, and who answers."""


class Spoilt(Enum):
    """What happens to the traffic of a line."""

    NOTHING_PASSES = auto()
    NO_ANSWER_PASSES = auto()


class Line:
    """Forwards every connection to the target, unless it was told otherwise."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._spoilt: Spoilt | None = None
        self._delay_seconds = 0.0
        self._cut_at: tuple[bytes, bool] | None = None
        self._pairs: set[Pair] = set()
        self._deaf: set[Pair] = set()
        self._lock = threading.Lock()
        self._skip = self.times_cut = 0
        self._hold_at: list[bytes] = []
        self.is_holding = False
        self._listener = self._listening(0)
        self.port: int = self._listener.getsockname()[1]

    def hang(self) -> None:
        """Connections are accepted and nothing passes in either direction."""
        self._spoilt = Spoilt.NOTHING_PASSES

    def swallow_answers(self) -> None:
        """What is asked arrives; what is answered does not come back."""
        self._spoilt = Spoilt.NO_ANSWER_PASSES

    def delay(self, seconds: float) -> None:
        """Each piece of an answer comes so much later."""
        self._delay_seconds = seconds

    def refuse(self) -> None:
        """As if nothing listened there; open connections end."""
        self._close_listener()
        self.cut()

    def cut(self) -> None:
        """Every open connection ends now."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            self._end(pair)

    def cut_at(self, words: bytes, *, passed: bool, skip: int = 0) -> None:
        """Once: when these words are sent, the connection ends after or before they arrive."""
        self.times_cut, self._skip = 0, skip
        self._cut_at = (words, passed)

    def hold_at(self, words: bytes, *, after: bytes) -> None:
        """Once: when these words are sent after those, they arrive and their answer waits."""
        self._hold_at, self.is_holding = [after, words], False

    def clear(self) -> None:
        """Everything passes again. Connections that were held back end."""
        held, self._spoilt = self._spoilt, None
        self._delay_seconds, self._cut_at = 0.0, None
        self._hold_at, self.is_holding = [], False
        self._deaf.clear()
        if held:
            self.cut()
        if self._listener.fileno() < 0:
            self._listener = self._listening(self.port)

    def close(self) -> None:
        self._close_listener()
        self.cut()

    def _listening(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _close_listener(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._join(client)

    def _join(self, client: socket.socket) -> None:
        try:
            server = self._connected()
        except OSError:
            client.close()
            return
        pair = (client, server)
        with self._lock:
            self._pairs.add(pair)
        for source, sink in (pair, pair[::-1]):
            threading.Thread(target=self._pump, args=(pair, source, sink), daemon=True).start()

    def _connected(self) -> socket.socket:
        if isinstance(self._target, str):
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._target)
            except OSError:
                server.close()
                raise
            return server
        return socket.create_connection(self._target)

    def _pump(self, pair: Pair, source: socket.socket, sink: socket.socket) -> None:
        is_answer = source is pair[1]
        with suppress(OSError):
            while data := source.recv(PIECE_BYTES):
                if not is_answer and self._strikes(data):
                    self._cut_here(pair, data)
                    break
                if not is_answer:
                    self._hold_here(pair, data)
                if not self._let_through(pair, is_answer=is_answer):
                    break
                sink.sendall(data)
        self._end(pair)

    def _strikes(self, data: bytes) -> bool:
        """Whether it is these words' turn; counts them."""
        if self._cut_at is None or self._cut_at[0] not in data:
            return False
        self._skip -= 1
        return self._skip < 0

    def _cut_here(self, pair: Pair, data: bytes) -> None:
        """What is answered from here on is kept back; then the connection ends."""
        assert self._cut_at
        (_, passed), self._cut_at = self._cut_at, None
        self._deaf.add(pair)
        if passed:
            pair[1].sendall(data)
            time.sleep(ARRIVES_WITHIN_SECONDS)
        self.times_cut += 1

    def _hold_here(self, pair: Pair, data: bytes) -> None:
        if not self._hold_at or self._hold_at[0] not in data:
            return
        self._hold_at.pop(0)
        if not self._hold_at:
            self._deaf.add(pair)
            self.is_holding = True

    def _let_through(self, pair: Pair, *, is_answer: bool) -> bool:
        while self._holds(pair, is_answer=is_answer):
            time.sleep(LOOK_AGAIN_SECONDS)
            if pair not in self._pairs:
                return False
        if is_answer and self._delay_seconds:
            time.sleep(self._delay_seconds)
        return True

    def _holds(self, pair: Pair, *, is_answer: bool) -> bool:
        if is_answer and pair in self._deaf:
            return True
        if self._spoilt is Spoilt.NO_ANSWER_PASSES:
            return is_answer
        return self._spoilt is Spoilt.NOTHING_PASSES

    def _end(self, pair: Pair) -> None:
        with self._lock:
            self._pairs.discard(pair)
            self._deaf.discard(pair)
        for each in pair:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def line_to(target: Target) -> Iterator[Line]:
    line = Line(target)
    try:
        yield line
    finally:
        line.close()
