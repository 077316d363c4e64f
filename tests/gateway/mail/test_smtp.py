"""A letter and a real mail server: it arrives whole, or the error says what came of it."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.mail import (
    InlineLogo,
    Letter,
    MailError,
    MailLater,
    MailMisconfigured,
    MailRefused,
    MailUnknown,
)
from gateway.mail.addresses import EmailAddress, EmailAddressInvalid, sender
from gateway.mail.servers import MailServer
from gateway.mail.smtp import _SEVEN_BITS, SmtpMailer, _written
from simulator.active_directory.certificates import CertificateAuthority
from tests.mail_server import DROP, PASSWORD, USER, Mailbox, mail_server

MIA = "mia.keller@northwind.example"
SIGNED = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
FROM = sender("Northwind Hilfe für alle <help@northwind.example>")


@pytest.fixture(scope="module")
def ca() -> CertificateAuthority:
    return CertificateAuthority()


@pytest.fixture
def ca_file(ca: CertificateAuthority, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    path.write_text(ca.pem)
    return str(path)


@pytest.fixture
def plain() -> Iterator[Mailbox]:
    """A server on this machine that asks nobody for anything."""
    with mail_server() as box:
        yield box


def letter(subject: str = "Größe", body: str = "Hello Mia.\n") -> Letter:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    to = EmailAddress.parse(MIA)
    return Letter(to, SecretStr(subject), SecretStr(body), "abc123", at)


def mailer(url: str, ca_file: str = "", whole_seconds: float = 20) -> SmtpMailer:
    return SmtpMailer(MailServer.parse(url), FROM, ca_file, whole_seconds=whole_seconds)


def error_of(url: str, ca_file: str = "", whole_seconds: float = 20) -> MailError:
    """What comes of sending: no word of it tells whom to, what, or with which password."""
    with pytest.raises(MailError) as caught:
        mailer(url, ca_file, whole_seconds).send(letter())
    shown = f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    assert not any(secret in shown for secret in (MIA, PASSWORD, "Mia", "Größe"))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def test_a_letter_arrives_as_it_was_written(plain: Mailbox) -> None:
    body = "Héllo.\n.\n..two dots\n" + "long " * 300 + "\n"
    mailer(f"smtp://127.0.0.1:{plain.port}").send(letter(body=body))
    [mail] = plain.mails
    assert mail.get_content().replace("\r\n", "\n") == body
    assert mail["Subject"] == "Größe"
    assert mail["From"] == "Northwind Hilfe für alle <help@northwind.example>"
    assert mail["To"] == MIA
    assert mail["Message-ID"] == "<abc123@northwind.example>"
    assert mail["Date"].datetime == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert plain.seen == [("help@northwind.example", MIA)]
    assert plain.raw[0].isascii()


def test_a_subject_cannot_add_a_header(plain: Mailbox) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        mailer(f"smtp://127.0.0.1:{plain.port}").send(letter(subject="Hi\r\nBcc: eve@evil.example"))
    assert plain.raw == []


HTML = '<!doctype html><html lang="de"><p>Grüße, 🔑</p>' + "<b>" * 2000 + "\n.\n</html>\n"


def with_html(**told: Any) -> Letter:
    return replace(letter(), html=SecretStr(HTML), **told)


def test_a_letter_of_two_forms_has_the_text_first(plain: Mailbox) -> None:
    mailer(f"smtp://127.0.0.1:{plain.port}").send(with_html())
    [mail] = plain.mails
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().replace("\r\n", "\n") == "Hello Mia.\n"
    assert html.get_content().replace("\r\n", "\n") == HTML
    assert plain.raw[0].isascii()
    assert max(map(len, plain.raw[0].splitlines())) <= 998


def test_a_logo_travels_inside_the_mail(plain: Mailbox) -> None:
    logo = InlineLogo.of(b"\x89PNG and more \x00\xff")
    mailer(f"smtp://127.0.0.1:{plain.port}").send(with_html(logo=logo))
    [mail] = plain.mails
    *_, picture = mail.walk()
    assert isinstance(picture, EmailMessage)
    assert picture.get_content_type() == "image/png"
    assert picture.get_content() == logo.content
    assert f"cid:{picture['Content-ID'].strip('<>')}" == logo.src
    assert plain.raw[0].isascii()


def test_a_sender_of_its_own_stands_in_the_head_and_on_the_envelope(plain: Mailbox) -> None:
    url = f"smtp://127.0.0.1:{plain.port}"
    mailer(url).send(with_html(sender=sender("Größe & Söhne, IT <it@groesse.example>")))
    [mail] = plain.mails
    [address] = mail["From"].addresses
    assert (address.display_name, address.addr_spec) == ("Größe & Söhne, IT", "it@groesse.example")
    assert mail["Message-ID"] == "<abc123@groesse.example>"
    assert plain.seen == [("it@groesse.example", MIA)]


@pytest.mark.parametrize("name", ["Help\r\nBcc: eve@evil.example", "Help\nX: y", "Help\r"])
def test_a_senders_name_cannot_add_a_header(name: str) -> None:
    with pytest.raises(EmailAddressInvalid):
        sender(f"{name} <help@msp.example>")
    with pytest.raises(ValueError, match="CR or LF"):
        Address(name, addr_spec="help@msp.example")


@given(st.text(max_size=60))
def test_no_senders_name_adds_a_header_or_a_recipient(name: str) -> None:
    try:
        ours = sender(f"{name} <help@msp.example>")
    except EmailAddressInvalid:
        return
    raw = _written(with_html(sender=ours), ours).as_bytes(policy=_SEVEN_BITS)
    mail = message_from_bytes(raw, policy=default)
    assert set(mail) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("X-Auto-Response-Suppress", "MIME-Version", "Content-Type"),
    }
    assert [each.addr_spec for each in mail["From"].addresses] == ["help@msp.example"]
    assert mail["To"] == MIA


@pytest.mark.parametrize("implicit", [False, True])
def test_a_letter_is_sent_over_tls_to_a_server_that_we_sign_in_to(
    ca: CertificateAuthority, ca_file: str, *, implicit: bool
) -> None:
    with mail_server(ca=ca, implicit=implicit, sign_in=True) as box:
        scheme, query = ("smtps", "") if implicit else ("smtp", "?tls=starttls")
        url = f"{scheme}://{SIGNED}localhost:{box.port}{query}"
        mailer(url, ca_file).check()
        assert box.raw == []
        mailer(url, ca_file).send(letter())
        assert len(box.raw) == 1


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("fault", ["another authority", "another name", "the system's authorities"])
def test_a_server_with_a_wrong_certificate_gets_nothing(
    ca: CertificateAuthority, ca_file: str, fault: str, *, implicit: bool
) -> None:
    signer = CertificateAuthority() if fault == "another authority" else ca
    name = "mail.northwind.example" if fault == "another name" else "localhost"
    with mail_server(ca=signer, name=name, implicit=implicit, sign_in=True) as box:
        url = f"{'smtps' if implicit else 'smtp'}://{SIGNED}localhost:{box.port}"
        trusted = "" if fault == "the system's authorities" else ca_file
        url += "" if implicit else "?tls=starttls"
        error = error_of(url, trusted)
        assert (type(error), error.reason) == (MailMisconfigured, "certificate")
        assert box.raw == []


def test_a_server_without_starttls_gets_no_password(plain: Mailbox) -> None:
    error = error_of(f"smtp://{SIGNED}localhost:{plain.port}?tls=starttls")
    assert (type(error), error.reason) == (MailMisconfigured, "not_offered")


def test_plain_and_implicit_tls_are_told_apart(plain: Mailbox) -> None:
    error = error_of(f"smtps://localhost:{plain.port}")
    assert (type(error), error.reason) == (MailMisconfigured, "tls")


def test_a_wrong_password_is_for_an_operator_to_mend(
    ca: CertificateAuthority, ca_file: str
) -> None:
    with mail_server(ca=ca, sign_in=True) as box:
        url = f"smtp://{quote(USER)}:wrong@localhost:{box.port}?tls=starttls"
        error = error_of(url, ca_file)
    assert (type(error), error.reason) == (MailMisconfigured, "sign_in_535")


def test_a_server_that_wants_us_to_sign_in_says_so(ca: CertificateAuthority, ca_file: str) -> None:
    with mail_server(ca=ca, sign_in=True) as box:
        error = error_of(f"smtp://localhost:{box.port}?tls=starttls", ca_file)
    assert (type(error), error.reason) == (MailMisconfigured, "sender_refused_530")


@pytest.mark.parametrize(
    ("command", "answer", "kind", "reason"),
    [
        ("RCPT", "450 4.2.0 Greylisted, come back", MailLater, "put_off_450"),
        ("MAIL", "452 4.3.1 Disk full", MailLater, "put_off_452"),
        ("DATA", "451 4.3.0 Try again", MailLater, "put_off_451"),
        ("RCPT", "550 5.1.1 No such user mia", MailRefused, "refused_550"),
        ("RCPT", "554 5.7.1 Relay access denied", MailMisconfigured, "relay_refused_554"),
        ("MAIL", "553 5.7.1 Not your address", MailMisconfigured, "sender_refused_553"),
        ("DATA", "554 5.7.1 That is spam", MailRefused, "refused_554"),
        ("RCPT", DROP, MailLater, "line_broke"),
    ],
)
def test_what_the_server_answers_says_what_may_follow(
    plain: Mailbox, command: str, answer: str, kind: type[MailError], reason: str
) -> None:
    plain.answers[command] = [answer]
    error = error_of(f"smtp://127.0.0.1:{plain.port}")
    assert (type(error), error.reason, plain.raw) == (kind, reason, [])
    mailer(f"smtp://127.0.0.1:{plain.port}").send(letter())
    assert len(plain.raw) == 1


def test_a_line_that_breaks_after_the_letter_leaves_open_whether_it_was_sent(
    plain: Mailbox,
) -> None:
    plain.answers["DATA"] = [DROP]
    assert type(error_of(f"smtp://127.0.0.1:{plain.port}")) is MailUnknown
    mailer(f"smtp://127.0.0.1:{plain.port}").send(letter())
    first, second = plain.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_a_server_that_is_down_is_tried_later() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    error = error_of(f"smtp://127.0.0.1:{port}")
    assert (type(error), error.reason) == (MailLater, "unreachable")


@pytest.mark.parametrize(
    ("banner", "kind", "reason"),
    [
        (b"421 Too busy\r\n", MailLater, "put_off_421"),
        (b"554 Go away\r\n", MailMisconfigured, "turned_away_554"),
        (b"SSH-2.0-OpenSSH\r\n", MailLater, "not_smtp"),
        (b"", MailLater, "line_broke"),
    ],
)
def test_what_answers_with_no_welcome_gets_nothing(
    banner: bytes, kind: type[MailError], reason: str
) -> None:
    with answering(lambda line: line.sendall(banner)) as url:
        error = error_of(url)
    assert (type(error), error.reason) == (kind, reason)


def test_a_server_that_drips_is_cut_off() -> None:
    """Each letter comes in time, the answer never does."""
    done = threading.Event()

    def drip(line: socket.socket) -> None:
        line.sendall(b"220 welcome\r\n")
        while not done.wait(0.05):
            line.sendall(b"2")

    with answering(drip) as url:
        error = error_of(url, whole_seconds=0.5)
        done.set()
    assert (type(error), error.reason) == (MailLater, "line_broke")


def test_nobody_signs_in_over_a_line_that_broke(ca: CertificateAuthority, ca_file: str) -> None:
    """smtplib's own errors never leave: every one has been given a meaning."""
    with mail_server(ca=ca, sign_in=True) as box:
        box.answers["RCPT"] = [DROP]
        url = f"smtp://{SIGNED}localhost:{box.port}?tls=starttls"
        with pytest.raises(MailLater) as caught:
            mailer(url, ca_file).send(letter())
    assert not isinstance(caught.value, smtplib.SMTPException)


@contextmanager
def answering(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """The URL of something on this machine that is no mail server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer_once, args=[listener, behave])
        thread.start()
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def _answer_once(listener: socket.socket, behave: Callable[[socket.socket], None]) -> None:
    line, _ = listener.accept()
    with line, suppress(OSError):
        behave(line)
