"""Invented people and what they text: signed webhooks, made before anything is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode, urlsplit

from simulator.twilio.inbound import parameters
from simulator.twilio.message import Direction, Message, Status, new_sid
from simulator.twilio.webhooks import signed
from tests.installation import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER

AREAS: Final = (
    *(203, *range(205, 211), *range(212, 221), *range(301, 306), *range(307, 311)),
    *(*range(312, 322), 401, 402, *range(404, 411), *range(412, 416), 417, 419),
    *range(501, 506),
)
"""All of the United States: the numbers of an organization are those of its own country."""

FICTIONAL: Final = range(100, 200)
"""555-0100 to 555-0199 are kept free for fiction in every area of North America."""


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    number: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text as Twilio hands it on: one whole HTTP request, ready to be written to a socket."""

    number: str
    request: bytes


def invent(count: int) -> list[Person]:
    """Everybody has a number of their own."""
    numbers = [f"+1{area}5550{line}" for area in AREAS for line in FICTIONAL]
    return [Person(f"person{at:05}", number) for at, number in enumerate(numbers[:count])]


def resets(people: Sequence[Person], base_url: str) -> list[Text]:
    """Everybody texts RESET once."""
    return [_text(person.number, base_url + "/twilio/sms") for person in people]


def _text(number: str, url: str) -> Text:
    now = datetime.now(UTC)
    message = Message(
        sid=new_sid(),
        account_sid=ACCOUNT_SID,
        direction=Direction.INBOUND,
        status=Status.RECEIVED,
        from_=number,
        to=OUR_NUMBER,
        body="RESET",
        segments=1,
        created=now,
        updated=now,
    )
    webhook = signed(url, parameters(message, None, None), AUTH_TOKEN, "0" * 36)
    return Text(number, _as_http(url, webhook.headers, urlencode(webhook.parameters).encode()))


def _as_http(url: str, headers: Mapping[str, str], body: bytes) -> bytes:
    parts = urlsplit(url)
    headers = {"Host": parts.netloc, **headers, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {parts.path} HTTP/1.1\r\n{head}\r\n".encode() + body
