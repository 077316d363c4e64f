"""HTTP/1.1 over kept connections, with as little of it as a fair load generator needs."""

from __future__ import annotations

import asyncio
import re
from typing import Final

LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END_OF_HEAD: Final = b"\r\n\r\n"
ACCEPTED: Final = b"HTTP/1.1 200 "


class Line:
    """One kept connection to the web process, on which one request is under way at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, request: bytes) -> bool:
        """Send it and wait for the answer: whether that was 200.

        Where the server has hung up meanwhile, it is dialled again.
        """
        try:
            return await self._ask(request)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.hang_up()
            return await self._ask(request)

    def hang_up(self) -> None:
        if self._writer:
            self._writer.close()
        self._reader = self._writer = None

    async def _ask(self, request: bytes) -> bool:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(request)
        head, _ = await read(self._reader)
        return head.startswith(ACCEPTED)


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


async def read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the body of one message."""
    head = await reader.readuntil(END_OF_HEAD)
    length = LENGTH.search(head)
    return head, await reader.readexactly(int(length[1]) if length else 0)
