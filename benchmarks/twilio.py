"""Twilio's end of sending a text: accepts at once whatever is sent, and tells when it came.

The simulator's carrier keeps state, plays faults and reports back; measured with it, a good part
of the time would be its own. This one costs next to nothing, and answers with a single write.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote_to_bytes

from benchmarks.wire import END_OF_HEAD, Wire
from simulator.twilio.message import Direction, Message, Status, as_json, new_sid
from tests.installation import ACCOUNT_SID, OUR_NUMBER

TO: Final = re.compile(rb"(?:^|&)To=([^&]*)")
SOME_TEXT: Final = "Northwind: your one-time password is Maple-Otter-Candle-47. It must be changed."


class Twilio:
    """An HTTP/1.1 server in the phones' event loop, with connections that stay open."""

    def __init__(self) -> None:
        self._expected: dict[bytes, asyncio.Future[float]] = {}

    async def open(self) -> str:
        """The URL that it listens at. It ends with the event loop."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Desk(self.arrived), "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    def expect(self, number: str) -> asyncio.Future[float]:
        """Becomes the time at which a text for this number has wholly come in."""
        answer = asyncio.get_running_loop().create_future()
        self._expected[number.encode()] = answer
        return answer

    def arrived(self, number: bytes) -> None:
        expected = self._expected.pop(number, None)
        if expected and not expected.done():
            expected.set_result(time.monotonic())


class _Desk(Wire):
    """One connection of a worker's."""

    def __init__(self, arrived: Callable[[bytes], None]) -> None:
        super().__init__()
        self._arrived = arrived

    def received(self, message: bytes) -> None:
        to = TO.search(message.partition(END_OF_HEAD)[2])
        self._arrived(unquote_to_bytes(to[1]) if to else b"")
        self.transport.write(ANSWER.replace(SOME_SID, new_sid().encode()))


def _answer(sid: str) -> bytes:
    """The whole of the answer that Twilio gives, because the client reads the whole of it."""
    now = datetime.now(UTC)
    message = Message(
        sid=sid,
        account_sid=ACCOUNT_SID,
        direction=Direction.OUTBOUND_API,
        status=Status.QUEUED,
        from_=OUR_NUMBER,
        to=OUR_NUMBER,
        body=SOME_TEXT,
        segments=1,
        created=now,
        updated=now,
    )
    body = json.dumps(as_json(message)).encode()
    head = f"HTTP/1.1 201 CREATED\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + END_OF_HEAD + body


SOME_SID: Final = new_sid().encode()
ANSWER: Final = _answer(SOME_SID.decode())
