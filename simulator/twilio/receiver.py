"""A webhook receiver that remembers what it was sent, for tests to point the carrier at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from simulator.twilio.serving import serving

EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response />'


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]


class Receiver:
    """Answers 200 with empty TwiML, or whatever the list `answers` holds for the next requests."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._received: list[Received] = []
        self.answers: list[int] = []
        self.url = ""

    @property
    def received(self) -> list[Received]:
        with self._lock:
            return list(self._received)

    def at(self, path: str) -> list[dict[str, str]]:
        """The forms that came to this path, in order."""
        return [each.form for each in self.received if each.path == path]

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        form, headers = request.form.to_dict(), dict(request.headers)
        with self._lock:
            self._received.append(Received(request.path, form, headers))
            status = self.answers.pop(0) if self.answers else 200
        return Response(EMPTY_TWIML, status, content_type="text/xml")(environ, start)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a port of this machine; its `url` is the base URL."""
    receiver = Receiver()
    with serving(receiver) as receiver.url:
        yield receiver
