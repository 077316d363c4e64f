"""Twilio's end of sending a text: accepts at once whatever is sent, and tells when it came.

The simulator's carrier keeps state, plays faults and reports back; measured with it, a good part
of the time would be its own. This one costs next to nothing.
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs

from benchmarks.wire import read
from simulator.twilio.message import Direction, Message, Status, as_json, new_sid
from tests.installation import ACCOUNT_SID, OUR_NUMBER


class Twilio:
    """An HTTP/1.1 server in the phones' event loop, with connections that stay open."""

    def __init__(self) -> None:
        self._expected: dict[str, asyncio.Future[float]] = {}

    async def open(self) -> str:
        """The URL that it listens at. It ends with the event loop."""
        self._server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    def expect(self, number: str) -> asyncio.Future[float]:
        """Becomes the time at which a text for this number has wholly come in."""
        self._expected[number] = asyncio.get_running_loop().create_future()
        return self._expected[number]

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                _, body = await read(reader)
            except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                writer.close()
                return
            arrived = time.monotonic()
            fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            writer.write(_accepted(fields))
            expected = self._expected.pop(fields.get("To", ""), None)
            if expected:
                expected.set_result(arrived)


def _accepted(fields: dict[str, str]) -> bytes:
    """The whole of the answer that Twilio gives, because the client reads the whole of it."""
    now = datetime.now(UTC)
    message = Message(
        sid=new_sid(),
        account_sid=ACCOUNT_SID,
        direction=Direction.OUTBOUND_API,
        status=Status.QUEUED,
        from_=OUR_NUMBER,
        to=fields["To"],
        body=fields["Body"],
        segments=1,
        created=now,
        updated=now,
    )
    body = json.dumps(as_json(message)).encode()
    head = f"HTTP/1.1 201 CREATED\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body
