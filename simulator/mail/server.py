"""A real SMTP server for this machine alone: it takes whatever comes and sends nothing on."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop, Transport
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from threading import Thread
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

from simulator.mail.mailboxes import Mailboxes

HOST = "127.0.0.1"
NAME = "mail.northwind.example.test"
LARGEST_MAIL_BYTES = 8 * 1024 * 1024
MOST_RECIPIENTS = 50


@contextmanager
def taking_mail(mailboxes: Mailboxes, port: int = 0) -> Iterator[str]:
    """Yields the URL, such as `smtp://127.0.0.1:8025`. Raises OSError where the port is taken.

    Without TLS and without a sign-in, which is why it listens on 127.0.0.1 only.
    """
    loop = asyncio.new_event_loop()
    with closing(loop):
        lines: WeakSet[SMTP] = WeakSet()
        answer = partial(_smtp, mailboxes, loop, lines)
        server = loop.run_until_complete(loop.create_server(answer, HOST, port))
        try:
            with _running(loop):
                yield f"smtp://{HOST}:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            loop.run_until_complete(_hang_up(lines))


def _smtp(mailboxes: Mailboxes, loop: AbstractEventLoop, lines: WeakSet[SMTP]) -> SMTP:
    """What speaks with one client."""
    smtp = SMTP(
        _Porter(mailboxes),
        data_size_limit=LARGEST_MAIL_BYTES,
        enable_SMTPUTF8=True,
        hostname=NAME,  # else it asks a resolver for our own name, which may hang
        ident="Resetline's simulated mail server",
        loop=loop,
    )
    lines.add(smtp)
    return smtp


@contextmanager
def _running(loop: AbstractEventLoop) -> Iterator[None]:
    thread = Thread(target=loop.run_forever, name="mail", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _hang_up(lines: Iterable[SMTP]) -> None:
    """Whoever is still on the line is cut off."""
    for smtp in lines:
        if isinstance(smtp.transport, Transport):
            smtp.transport.abort()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class _Porter:
    """Carries what came to the mailboxes. The names of its methods are aiosmtpd's."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content or b""
        raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        self._mailboxes.deliver(envelope.rcpt_tos, raw)
        return "250 2.0.0 Taken"
