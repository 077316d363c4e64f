"""HTTP/1.1 over kept connections, with as little of it as a fair load generator needs."""

from __future__ import annotations

import asyncio
import re
from typing import Final, cast

LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END_OF_HEAD: Final = b"\r\n\r\n"
ACCEPTED: Final = b"HTTP/1.1 200 "


class Wire(asyncio.Protocol):
    """One end of a connection: puts what comes in together until a message is whole.

    A stream of asyncio costs twice as much, and what the load costs is taken from what it measures.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._held += data
        while size := _size_of_first(self._held):
            message, self._held = self._held[:size], self._held[size:]
            self.received(message)

    def received(self, message: bytes) -> None:
        """A message has wholly come in."""
        raise NotImplementedError


class Call(Wire):
    """Our end of a connection to the web process."""

    _answer: asyncio.Future[bytes] | None = None

    async def ask(self, request: bytes) -> bytes:
        self._answer = asyncio.get_running_loop().create_future()
        if self.transport.is_closing():
            raise ConnectionResetError
        self.transport.write(request)
        return await self._answer

    def received(self, message: bytes) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(message)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionResetError())


class Line:
    """One kept connection to the web process, on which one request is under way at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._call: Call | None = None

    async def post(self, request: bytes) -> bool:
        """Send it and wait for the answer: whether that was 200.

        Where the server has hung up meanwhile, it is dialled again.
        """
        try:
            return await self._ask(request)
        except ConnectionError:
            self.hang_up()
            return await self._ask(request)

    def hang_up(self) -> None:
        if self._call:
            self._call.transport.close()
        self._call = None

    async def _ask(self, request: bytes) -> bool:
        if self._call is None:
            loop = asyncio.get_running_loop()
            _, self._call = await loop.create_connection(Call, "127.0.0.1", self._port)
        return (await self._call.ask(request)).startswith(ACCEPTED)


class Lines:
    """Several of them. Who finds none free waits for one."""

    def __init__(self, port: int, count: int) -> None:
        self._all = [Line(port) for _ in range(count)]
        self._free: asyncio.LifoQueue[Line] = asyncio.LifoQueue()
        for line in self._all:
            self._free.put_nowait(line)

    async def post(self, request: bytes) -> bool:
        line = await self._free.get()
        try:
            return await line.post(request)
        finally:
            self._free.put_nowait(line)

    def hang_up(self) -> None:
        for line in self._all:
            line.hang_up()


def _size_of_first(held: bytes) -> int:
    """The octets of the first message with its body, or 0 while it is not whole."""
    end = held.find(END_OF_HEAD)
    if end < 0:
        return 0
    length = LENGTH.search(held, 0, end + 2)
    size = end + len(END_OF_HEAD) + (int(length[1]) if length else 0)
    return size if size <= len(held) else 0
