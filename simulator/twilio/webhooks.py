"""How Twilio calls our webhooks: signed, form-encoded, and tried again by its own rules."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree as ET

MOST_BYTES = 65536


class ConnectFailed(Exception):
    """No connection: nothing reached the application."""


class ReadFailed(Exception):
    """The request went out and no answer came back in time."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """Twilio's connection overrides, from the URL's fragment: `#rc=2&rp=ct,rt,5xx`."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})

    @classmethod
    def of(cls, url: str) -> Overrides:
        given = dict(parse_qsl(urlsplit(url).fragment))
        return cls(
            connect_seconds=int(given.get("ct", 5000)) / 1000,
            read_seconds=int(given.get("rt", 15000)) / 1000,
            retries=int(given.get("rc", 1)),
            policy=frozenset(given.get("rp", "ct").split(",")),
        )

    def try_again_after(self, outcome: str) -> bool:
        return outcome in self.policy or "all" in self.policy


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request to the application, ready to go."""

    url: str
    parameters: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    overrides: Overrides = Overrides()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application answered, and what it wants done: TwiML."""

    status: int
    twiml: str = ""

    @property
    def messages(self) -> list[str]:
        """What is to be texted back at once."""
        try:
            response = ET.fromstring(self.twiml)  # noqa: S314  (our own application's)
        except ET.ParseError:
            return []
        return [each.text or "" for each in response.findall("Message")]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of it. `status` is None when nothing answered; `error` is Twilio's own code."""

    status: int | None
    milliseconds: int
    attempts: int
    messages: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        return self.status is not None and self.status < 400

    @property
    def error(self) -> int | None:
        if self.ok:
            return None
        return 11205 if self.status is None else 11200


Post = Callable[[Request], int | Answer]
"""Sends one request and returns the HTTP status, with what else was answered if that matters.

Raises ConnectFailed or ReadFailed.
"""


def signature(auth_token: str, url: str, parameters: Mapping[str, str]) -> str:
    """The URL without its fragment, then every parameter by name, under HMAC-SHA1."""
    text = url + "".join(name + parameters[name] for name in sorted(parameters))
    digest = hmac.digest(auth_token.encode(), text.encode(), "sha1")
    return base64.b64encode(digest).decode()


def signed(url: str, parameters: Mapping[str, str], auth_token: str, token: str) -> Request:
    """`token` is the same for every attempt of one webhook, and is not part of the signature."""
    address = url.split("#")[0]
    return Request(
        url=address,
        parameters=dict(parameters),
        headers={
            "Accept": "*/*",
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
            "X-Home-Region": "us1",
            "X-Twilio-Signature": signature(auth_token, address, parameters),
        },
        overrides=Overrides.of(url),
    )


def deliver(request: Request, post: Post) -> Delivery:
    """By default one retry, and only when no connection came about."""
    started = time.monotonic()
    attempts, again = 0, True
    while again:
        attempts += 1
        answer, outcome = _attempt(request, post)
        wanted = outcome is not None and request.overrides.try_again_after(outcome)
        again = wanted and attempts <= request.overrides.retries
    milliseconds = round((time.monotonic() - started) * 1000)
    if answer is None:
        return Delivery(None, milliseconds, attempts)
    return Delivery(answer.status, milliseconds, attempts, answer.messages)


def _attempt(request: Request, post: Post) -> tuple[Answer | None, str | None]:
    """The answer, and by which name a retry policy would know the failure."""
    try:
        given = post(request)
    except ConnectFailed:
        return None, "ct"
    except ReadFailed:
        return None, "rt"
    answer = given if isinstance(given, Answer) else Answer(given)
    return answer, f"{answer.status // 100}xx" if answer.status >= 400 else None


def post_over_http(request: Request) -> Answer:
    """The usual way out. One connection for each request, as from Twilio's many machines."""
    parts = urlsplit(request.url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=request.overrides.connect_seconds)
    try:
        _connect(connection)
        connection.sock.settimeout(request.overrides.read_seconds)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        return _exchange(connection, target or "/", request)
    finally:
        connection.close()


def _connect(connection: HTTPConnection) -> None:
    try:
        connection.connect()
    except OSError as error:
        raise ConnectFailed(type(error).__name__) from None


def _exchange(connection: HTTPConnection, target: str, request: Request) -> Answer:
    try:
        connection.request("POST", target, urlencode(request.parameters), dict(request.headers))
        response = connection.getresponse()
        body = response.read(MOST_BYTES)
    except (OSError, HTTPException) as error:
        raise ReadFailed(type(error).__name__) from None
    return Answer(response.status, body.decode(errors="replace"))
