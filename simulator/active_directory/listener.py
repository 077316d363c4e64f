"""A port: it hands every connection on, and can refuse them without giving the port away."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

_BACKLOG = 128


class Listener:
    """Closed at first."""

    def __init__(self, host: str, port: int, welcome: Callable[[socket.socket], None]) -> None:
        self._host = host
        self._port = port
        self._welcome = welcome
        self._bound: socket.socket | None = None
        self._thread: Thread | None = None

    @property
    def port(self) -> int:
        """The number, which is known once the port was opened."""
        return self._port

    def open(self) -> None:
        """Accept connections."""
        if self._thread is not None:
            return
        bound = self._bound or self._bind()
        bound.listen(_BACKLOG)
        self._bound = bound
        self._thread = Thread(target=self._accept, args=(bound,), daemon=True)
        self._thread.start()

    def refuse(self) -> None:
        """Have connections refused: a port that is bound and not listening does that."""
        if self._thread is not None:
            self.close()
            self._bound = self._bind()

    def close(self) -> None:
        """Give the port back."""
        bound, self._bound = self._bound, None
        thread, self._thread = self._thread, None
        if bound is not None:
            with suppress(OSError):  # Wakes the thread on Linux; elsewhere closing does.
                bound.shutdown(socket.SHUT_RDWR)
            bound.close()
        if thread is not None:
            thread.join()

    def _bind(self) -> socket.socket:
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((self._host, self._port))
        self._port = bound.getsockname()[1]
        return bound

    def _accept(self, bound: socket.socket) -> None:
        with suppress(OSError):
            while True:
                accepted, _ = bound.accept()
                self._welcome(accepted)
