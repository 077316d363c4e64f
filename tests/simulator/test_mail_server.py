"""The mail server and its mailboxes: what it takes from the line, for whom, and how much of it."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from gateway.mail.addresses import EmailAddress, sender
from gateway.mail.servers import MailServer as Address
from gateway.mail.smtp import SmtpMailer
from simulator.mail import Mail, Mailboxes, taking_mail
from simulator.mail.server import LARGEST_MAIL_BYTES, MOST_RECIPIENTS
from tests.simulator.test_mail_reading import written

NINA, MIA = "nina.alvarez@northwind.example.test", "mia.keller@northwind.example.test"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def mailboxes() -> Mailboxes:
    return Mailboxes()


@pytest.fixture
def url(mailboxes: Mailboxes) -> Iterator[str]:
    with taking_mail(mailboxes) as url:
        yield url


@pytest.fixture
def line(url: str) -> Iterator[smtplib.SMTP]:
    parts = urlsplit(url)
    with smtplib.SMTP(str(parts.hostname), parts.port or 0, "localhost", timeout=10) as smtp:
        yield smtp


def test_two_recipients_have_a_mail_each_and_nobody_else_has_one(
    mailboxes: Mailboxes, line: smtplib.SMTP
) -> None:
    line.send_message(written(), to_addrs=[NINA, MIA.upper(), MIA])

    [ninas], [mias] = mailboxes.of(NINA), mailboxes.of(MIA)
    assert ninas.letter == mias.letter
    assert mailboxes.of("somebody.else@northwind.example.test") == []
    mailboxes.open(NINA, ninas.id)
    assert (mailboxes.unopened(NINA), mailboxes.unopened(MIA)) == (0, 1)
    assert mailboxes.find(NINA, mias.id) is None


def test_the_newest_mail_comes_first(mailboxes: Mailboxes, line: smtplib.SMTP) -> None:
    for subject in ("first", "second"):
        line.send_message(written(subject), to_addrs=NINA)

    assert [mail.letter.subject for mail in mailboxes.of(NINA)] == ["second", "first"]


def test_a_huge_mail_is_refused_and_the_next_one_is_taken(
    mailboxes: Mailboxes, line: smtplib.SMTP
) -> None:
    huge = b"Subject: huge\r\n\r\n" + (b"x" * 900 + b"\r\n") * (LARGEST_MAIL_BYTES // 900)

    with pytest.raises(smtplib.SMTPResponseException, match="552"):
        line.sendmail("a@b.example", [NINA], huge)
    line.send_message(written(), to_addrs=NINA)

    assert [mail.letter.subject for mail in mailboxes.of(NINA)] == ["Set up your phone"]


def test_a_mail_to_everybody_is_refused(mailboxes: Mailboxes, line: smtplib.SMTP) -> None:
    crowd = [f"{number}@northwind.example.test" for number in range(MOST_RECIPIENTS + 1)]

    assert set(line.send_message(written(), to_addrs=crowd)) == {crowd[-1]}
    assert len(mailboxes.all()) == MOST_RECIPIENTS


def test_what_the_product_hands_over_is_taken(mailboxes: Mailboxes, url: str) -> None:
    """With the product's own client: the demo rests on both understanding each other."""
    from gateway.mail import Letter

    mailer = SmtpMailer(Address.parse(url), sender("Lakeside IT <help@lakeside.example.test>"))
    letter = Letter(
        EmailAddress.parse(NINA), SecretStr("Grüße"), SecretStr("Ein Link\n.\n"), "k", NOW
    )

    mailer.send(letter)

    [mail] = mailboxes.of(NINA)
    assert (mail.letter.subject, mail.letter.text) == ("Grüße", "Ein Link\n.\n")


def test_too_many_mails_push_out_the_oldest() -> None:
    mailboxes = Mailboxes(most_mails=3)
    for number in range(5):
        mailboxes.deliver([NINA], raw(str(number)))

    assert [mail.letter.subject for mail in mailboxes.of(NINA)] == ["4", "3", "2"]
    assert mailboxes.find(NINA, 1) is None
    assert mailboxes.open(NINA, 1) is None


def test_too_many_bytes_push_out_the_oldest_but_never_the_newest() -> None:
    size = len(raw("0"))
    mailboxes = Mailboxes(most_bytes=2 * size)
    for number in range(4):
        mailboxes.deliver([NINA], raw(str(number)))
    assert [mail.letter.subject for mail in mailboxes.all()] == ["3", "2"]

    mailboxes.deliver([MIA], raw("big") + b"x" * 3 * size)

    assert [mail.letter.subject for mail in mailboxes.all()] == ["big"]


def test_whoever_listens_hears_of_every_mail_once(mailboxes: Mailboxes) -> None:
    heard: list[Mail] = []
    mailboxes.listeners.append(heard.append)

    mailboxes.deliver([NINA, NINA.upper(), MIA], raw("x"))

    assert [mail.to for mail in heard] == [NINA, MIA]


def test_it_is_reached_from_this_machine_only(url: str) -> None:
    """On Linux 127.0.0.2 is an address of ours too, that only a server for all addresses has."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", urlsplit(url).port or 0), timeout=5)


def test_a_port_that_is_taken_is_an_error_and_no_silence(url: str) -> None:
    with (
        pytest.raises(OSError, match="in use"),
        taking_mail(Mailboxes(), urlsplit(url).port or 0),
    ):
        pass


def test_whoever_is_on_the_line_is_cut_off_however_it_ends(mailboxes: Mailboxes) -> None:
    taking = taking_mail(mailboxes)
    port = urlsplit(taking.__enter__()).port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        assert line.recv(1000).startswith(b"220 ")

        taking.__exit__(KeyboardInterrupt, None, None)

        assert line.recv(1000) == b""


def raw(subject: str) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = subject
    return mail.as_bytes()
