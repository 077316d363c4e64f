"""Mail addresses: what a header and an envelope can carry is taken, and it is shown masked."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.addresses import EmailAddress, EmailAddressInvalid, sender


@pytest.mark.parametrize(
    ("raw", "whole"),
    [
        ("mia.keller@Northwind.Example", "mia.keller@northwind.example"),
        (" o'neil+it@northwind.example ", "o'neil+it@northwind.example"),
        ("root@localhost", "root@localhost"),
        ("mia@bücher.example", "mia@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_read(raw: str, whole: str) -> None:
    assert EmailAddress.parse(raw).whole == whole


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "mia",
        "@northwind.example",
        "mia@",
        "mia@-x.example",
        "mia@x..example",
        "a b@x.example",
        "a@x.example, b@x.example",
        "<mia@x.example>",
        "mia@x.example\r\nBcc: eve@evil.example",
        "mía@x.example",
        "mia@\u2024.example",
        "m" * 65 + "@x.example",
        "m@" + ".".join(["x" * 60] * 5),
    ],
)
def test_what_cannot_be_written_to_is_refused_and_not_shown(raw: str) -> None:
    with pytest.raises(EmailAddressInvalid) as caught:
        EmailAddress.parse(raw)
    assert not raw or raw not in str(caught.value)


@given(
    st.one_of(st.emails(), st.text(max_size=80), st.text(max_size=40).map("{}@x.example".format))
)
def test_whatever_is_taken_fits_a_header_and_an_envelope(raw: str) -> None:
    try:
        address = EmailAddress.parse(raw)
    except EmailAddressInvalid:
        return
    message = EmailMessage()
    message["To"] = Address(addr_spec=address.whole)
    assert message["To"].addresses[0].addr_spec == address.whole
    assert address.whole.isascii()
    assert address.whole.isprintable()
    assert " " not in address.whole


def test_an_address_is_printed_masked() -> None:
    address = EmailAddress.parse("mia.keller@northwind.example")
    shown = f"{address} {address!r} {address!s} {address:>40} %s" % address
    assert "mia" not in shown
    assert shown.count("m***@northwind.example") == 5


@pytest.mark.parametrize(
    ("raw", "name", "address"),
    [
        ("help@example.com", "", "help@example.com"),
        ("Example Help <help@example.com>", "Example Help", "help@example.com"),
        ('"Help, please" <help@example.com>', "Help, please", "help@example.com"),
        ("Größe <help@Example.com>", "Größe", "help@example.com"),
    ],
)
def test_whom_mail_is_from_is_read(raw: str, name: str, address: str) -> None:
    read = sender(raw)
    assert (read.display_name, read.addr_spec) == (name, address)


@given(st.text(max_size=60))
def test_no_name_can_add_a_header(name: str) -> None:
    try:
        read = sender(f"{name} <help@example.com>")
    except EmailAddressInvalid:
        return
    message = EmailMessage()
    message["From"] = read
    message.set_content("Hello.")
    head = message.as_bytes().split(b"\n\n")[0].splitlines()
    begun = {line.split(b":")[0] for line in head if not line.startswith(b" ")}
    assert begun == {
        b"From",
        b"Content-Type",
        b"Content-Transfer-Encoding",
        b"MIME-Version",
    }


@pytest.mark.parametrize("raw", ["Help", "Help <help>", "a@b.example\r\n", "Help help@example.com"])
def test_a_wrong_sender_is_refused(raw: str) -> None:
    with pytest.raises(EmailAddressInvalid):
        sender(raw)
