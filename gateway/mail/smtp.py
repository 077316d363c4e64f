"""Hands letters to a mail server: the only place that knows smtplib and what servers answer."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from typing import Final

from gateway.mail import (
    InlineLogo,
    Letter,
    MailError,
    MailLater,
    MailMisconfigured,
    MailRefused,
    MailUnknown,
)
from gateway.mail.addresses import EmailAddress
from gateway.mail.servers import MailServer, Security, trust

CONNECT_SECONDS: Final = 10
ANSWER_SECONDS: Final = 30
"""For one answer; servers that look into a mail before they take it need some time."""

WHOLE_SECONDS: Final = 60
"""For everything: a server that drips one letter at a time is cut off."""

SIGN_IN_FIRST: Final = 530
NOT_HERE: Final = re.compile(rb"relay", re.IGNORECASE)
"""In whatever words: the server does not send mail on for us, to anybody."""

_SEVEN_BITS: Final = WIRE.clone(cte_type="7bit")


class SmtpMailer:
    """Sends through one server, each letter on a connection of its own."""

    def __init__(
        self,
        server: MailServer,
        sender: Address,
        ca_file: str = "",
        *,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        self._server = server
        self._sender = sender
        self._trusted = trust(ca_file)
        self._whole_seconds = whole_seconds

    def send(self, letter: Letter) -> None:
        sender = letter.sender or self._sender
        data = _written(letter, sender).as_bytes(policy=_SEVEN_BITS)
        with self._signed_in() as smtp:
            _address(smtp, sender.addr_spec, letter.to)
            _hand_over(smtp, data)

    def check(self) -> None:
        with self._signed_in():
            pass

    @contextmanager
    def _signed_in(self) -> Iterator[smtplib.SMTP]:
        """A secured line. Whatever goes wrong on it leaves as a MailError that quotes nothing."""
        with _translated():
            smtp = self._connected()
            with _ended_within(smtp, self._whole_seconds):
                self._secure(smtp)
                yield smtp
                with suppress(OSError, smtplib.SMTPException):
                    smtp.quit()

    def _connected(self) -> smtplib.SMTP:
        """We name ourselves by the sender's domain: to look our own name up could hang."""
        host, port, name = self._server.host, self._server.port, self._sender.domain
        if self._server.security is Security.IMPLICIT:
            context = self._trusted
            return smtplib.SMTP_SSL(host, port, name, timeout=CONNECT_SECONDS, context=context)
        return smtplib.SMTP(host, port, name, timeout=CONNECT_SECONDS)

    def _secure(self, smtp: smtplib.SMTP) -> None:
        if smtp.sock:
            smtp.sock.settimeout(ANSWER_SECONDS)
        if self._server.security is Security.STARTTLS:
            smtp.starttls(context=self._trusted)
        smtp.ehlo_or_helo_if_needed()
        if self._server.user:
            smtp.login(self._server.user, self._server.password.get_secret_value())


@contextmanager
def _ended_within(smtp: smtplib.SMTP, seconds: float) -> Iterator[None]:
    cut_off = threading.Timer(seconds, _cut_off, [smtp])
    cut_off.daemon = True
    cut_off.start()
    try:
        yield
    finally:
        cut_off.cancel()
        smtp.close()


def _cut_off(smtp: smtplib.SMTP) -> None:
    """Whoever waits on the line learns that it has ended."""
    with suppress(OSError, AttributeError):
        smtp.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # None before connecting


def _written(letter: Letter, sender: Address) -> EmailMessage:
    """EmailMessage refuses a header with a line break in it, so nothing can be slipped in.

    There is no List-Unsubscribe: these mails tell people of their own accounts, are on no list,
    and one that reports a changed number must not be switched off by whoever changed it.
    """
    message = EmailMessage(policy=_SEVEN_BITS)
    message["From"] = sender
    message["To"] = Address(addr_spec=letter.to.whole)
    message["Subject"] = letter.subject.get_secret_value()
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = f"<{letter.key}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.body.get_secret_value())
    if letter.html:
        _add_html(message, letter.html.get_secret_value(), letter.logo)
    return message


def _add_html(message: EmailMessage, html: str, logo: InlineLogo | None) -> None:
    """The text comes first, so that the last part is the richest (RFC 2046); the logo is in it."""
    message.add_alternative(html, subtype="html")
    if not logo:
        return
    *_, part = message.iter_parts()
    part.add_related(
        logo.content,
        "image",
        "png",
        cid=f"<{logo.content_id}>",
        filename="logo.png",
        disposition="inline",
    )


def _address(smtp: smtplib.SMTP, sender: str, to: EmailAddress) -> None:
    code, _ = smtp.mail(sender)
    if code != 250:
        raise _by_code(code, MailMisconfigured("sender_refused", code))
    code, words = smtp.rcpt(to.whole)
    if code in {250, 251}:
        return
    if code == SIGN_IN_FIRST or NOT_HERE.search(words):
        raise _by_code(code, MailMisconfigured("relay_refused", code))
    raise _by_code(code, MailRefused("refused", code))


def _hand_over(smtp: smtplib.SMTP, data: bytes) -> None:
    """From the first byte of the letter on, a line that breaks leaves open whether it was sent."""
    code, _ = smtp.docmd("DATA")
    if code != 354:
        raise _by_code(code, MailRefused("refused", code))
    try:
        smtp.send(re.sub(rb"(?m)^\.", b"..", data) + b".\r\n")
        code, _ = smtp.getreply()
    except (OSError, smtplib.SMTPServerDisconnected):
        raise MailUnknown("unknown") from None
    if code != 250:
        raise _by_code(code, MailRefused("refused", code))


def _by_code(code: int, permanent: MailError) -> MailError:
    """4xx is for now; 5xx means what it means at this point; anything else is no SMTP."""
    if 400 <= code < 500:
        return MailLater("put_off", code)
    return permanent if code >= 500 else MailLater("not_smtp")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OSError, smtplib.SMTPException) as error:
        raise _meaning(error) from None


def _meaning(error: Exception) -> MailError:
    """In this order: most of smtplib's and ssl's errors are kinds of OSError, and of each other."""
    match error:
        case ssl.SSLError():
            return _meaning_of_tls(error)
        case smtplib.SMTPAuthenticationError():
            return _by_code(error.smtp_code, MailMisconfigured("sign_in", error.smtp_code))
        case smtplib.SMTPResponseException():
            return _by_code(error.smtp_code, MailMisconfigured("turned_away", error.smtp_code))
        case smtplib.SMTPServerDisconnected():
            return MailLater("line_broke")
        case smtplib.SMTPNotSupportedError():
            return MailMisconfigured("not_offered")
        case smtplib.SMTPException():
            return MailMisconfigured("sign_in")
        case _:
            return MailLater("unreachable")


def _meaning_of_tls(error: ssl.SSLError) -> MailError:
    match error:
        case ssl.SSLCertVerificationError():
            return MailMisconfigured("certificate")
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return MailLater("line_broke")
        case _:
            return MailMisconfigured("tls")
