"""A real mail server on this machine, with the faults that mail servers have."""

from __future__ import annotations

from asyncio import Server, Transport
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, AnyStr

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from simulator.active_directory.certificates import CertificateAuthority

USER, PASSWORD = "resetline@northwind.example", "Geheim %/@:?"
DROP = "drop"
"""An answer that never comes: the line ends instead."""


class DroppingSmtp(SMTP):
    """Ends the line where the plan says so, without a word."""

    async def push(self, status: AnyStr) -> None:
        if status == DROP:
            assert isinstance(self.transport, Transport)
            self.transport.abort()
        else:
            await super().push(status)


class FreePort(Controller):
    """One on a free port. TLS is at a word (`starttls`), from the first byte, or not there."""

    def factory(self) -> SMTP:
        smtp = DroppingSmtp(self.handler, **self.SMTP_kwargs)
        if self.ssl_context:
            # aiosmtpd does not see that the line is secure from its first byte.
            smtp._auth_require_tls = False
        return smtp

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd leaves it untyped


@dataclass
class Mailbox:
    """What the server took, and the answers that it gives next in place of its own."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    """By `RCPT`, `DATA` and the like; those of a command are given in turn."""
    raw: list[bytes] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Sender and recipient of every mail that was offered whole."""
    port: int = 0

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=default) for raw in self.raw]

    async def handle_MAIL(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self._planned("MAIL"):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self._planned("RCPT"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self._planned("DATA")
        if answer in {None, DROP}:
            assert isinstance(envelope.content, bytes)
            self.raw.append(envelope.content)
            self.seen.append((str(envelope.mail_from), envelope.rcpt_tos[0]))
        return answer or "250 OK"

    def _planned(self, command: str) -> str | None:
        planned = self.answers.get(command, [])
        return planned.pop(0) if planned else None


@contextmanager
def mail_server(
    *,
    ca: CertificateAuthority | None = None,
    name: str = "localhost",
    implicit: bool = False,
    sign_in: bool = False,
) -> Iterator[Mailbox]:
    """With a certificate of `ca` for `name`, if one is given; else without TLS."""
    context = ca.issue(name).server_context() if ca else None
    box = Mailbox()
    options: dict[str, Any] = {"auth_required": sign_in}
    if sign_in:
        options["authenticator"] = _authenticated
    if implicit:
        options["ssl_context"] = context
    elif context:
        options |= {"tls_context": context, "require_starttls": True}
    controller = FreePort(box, hostname="127.0.0.1", port=0, decode_data=False, **options)
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()


def _authenticated(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    given = isinstance(data, LoginPassword) and (data.login, data.password)
    return AuthResult(success=given == (USER.encode(), PASSWORD.encode()), handled=False)
