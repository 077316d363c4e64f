"""Mails as they come from the line: taken apart where they can be, and shown as they are if not."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from simulator.mail.letters import Letter
from simulator.mail.reading import AS_IT_CAME, MOST_PARTS, read
from simulator.mail.showing import BEFORE, as_document, with_links

PNG = b"\x89PNG\r\n\x1a\n"


def written(subject: str = "Set up your phone") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Lakeside IT <help@lakeside.example.test>"
    mail["To"] = "somebody.else@northwind.example.test"
    mail["Subject"] = subject
    mail.set_content("Hello Nina,\nopen https://reset.example.test/activate/abc now.\n")
    return mail


def in_both_forms() -> EmailMessage:
    mail = written()
    mail.add_alternative('<p>Hello Nina</p><img src="cid:logo@here">', subtype="html")
    html = mail.get_body(("html",))
    assert html is not None
    html.add_related(PNG, "image", "png", cid="<logo@here>", filename="logo.png")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Payslip ü.pdf")
    return mail


def test_a_mail_in_both_forms_is_taken_apart() -> None:
    letter = read(in_both_forms().as_bytes())

    assert (letter.sender.name, letter.sender.address) == (
        "Lakeside IT",
        "help@lakeside.example.test",
    )
    assert letter.subject == "Set up your phone"
    assert letter.snippet == "Hello Nina, open https://reset.example.test/activate/abc now."
    assert letter.html.startswith("<p>Hello Nina</p>")
    picture, file = letter.enclosures
    assert (picture.content_id, picture.content, picture.is_shown) == ("logo@here", PNG, True)
    assert (file.name, file.content, file.is_shown) == ("Payslip ü.pdf", b"%PDF", False)
    assert letter.remark == ""


def test_what_a_mail_says_is_not_in_its_printed_form() -> None:
    assert "abc" not in repr(read(in_both_forms().as_bytes()))


def test_subjects_and_senders_are_decoded_and_stay_in_one_line() -> None:
    raw = (
        b"From: =?utf-8?b?TMOpYSBGb250YWluZQ==?= <lea@northwind.example.test>\r\n"
        b"Subject: =?iso-8859-1?q?Gr=FC=DFe_=0A=0Deval?= =?utf-8?b?4oCu?=\r\n\r\nHi\r\n"
    )
    letter = read(raw)

    assert letter.sender.name == "Léa Fontaine"
    assert letter.subject == "Grüße eval"


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (b"text/plain; charset=iso-8859-15", b"5 \xa4", "5 €"),
        (b"text/plain; charset=utf-8", b"broken \xff here", "broken \ufffd here"),
        (b"text/plain; charset=no-such-thing", "naïve".encode(), "naïve"),
        (b"text/plain; charset=base64", b"aGVsbG8=", "aGVsbG8="),
        (b"text/plain; charset=idna", b"xn--a", "xn--a"),
        (b"text/plain; charset=undefined", b"words", "words"),
        (b"text/plain; charset=utf-16", b"\xff\xfeh\x00i\x00", "hi"),
        (b"text/plain; charset=unicode_escape", rb"\ud800", r"\ud800"),
        (b"text/plain\r\nContent-Transfer-Encoding: base64", b"not!base64?", None),
        (b"text/plain\r\nContent-Transfer-Encoding: no-such-one", b"as it is", "as it is"),
        (b"multipart/mixed", b"no boundary at all", ""),
        (b"multipart/mixed; boundary=x", b"--x\r\n\r\nnever ended", "never ended"),
        (b"nonsense", b"still words", "still words"),
    ],
)
def test_a_badly_encoded_mail_is_read_as_well_as_it_can_be(
    head: bytes, body: bytes, expected: str | None
) -> None:
    letter = read(b"Subject: x\r\nContent-Type: " + head + b"\r\n\r\n" + body)

    letter.text.encode()
    if expected is not None:
        assert letter.text == expected


def test_a_mail_nested_too_deep_is_shown_as_it_came() -> None:
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (each, each)
        for each in range(1000)
    )

    letter = read(b"Subject: deep\r\n" + deep)

    assert letter.remark == AS_IT_CAME
    assert letter.text.startswith("Subject: deep")


def test_a_mail_of_very_many_parts_is_cut_short() -> None:
    part = b"--x\r\nContent-Type: image/png\r\nContent-ID: <a>\r\n\r\n\r\n"

    letter = read(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 500 + b"--x--")

    assert len(letter.enclosures) == MOST_PARTS


def test_an_endless_header_is_read_only_at_its_beginning() -> None:
    letter = read(
        b"From: " + b"a <a@b>, " * 100_000 + b"\r\nSubject: " + b"x" * 500_000 + b"\r\n\r\n"
    )

    assert len(letter.subject) <= 2000


@given(some.binary())
@example(b"Content-Type: text/plain; charset*=utf-8'x'%ff\r\n\r\n")
@example(b"Content-Disposition: attachment; filename*0*=\xff\r\nFrom: <@>, \xff (\r\n\r\n")
@example(b"From: =?utf-8?q?=ff?= <a@b\r\nSubject: =?punycode?b?AAAA?=\r\n\r\n")
@example(b"Content-Type: text/html;;;=\r\nContent-ID: <\xff>\r\n\r\n")
def test_whatever_comes_becomes_a_letter_that_can_be_shown(raw: bytes) -> None:
    for letter in (read(raw), read(b"Content-Type: " + raw), read(b"From: " + raw)):
        assert isinstance(letter, Letter)
        shown = letter.sender.shown + letter.subject + letter.text + letter.html + letter.snippet
        shown.encode()
        assert letter.subject.isprintable()


def test_pictures_are_shown_by_their_addresses_and_unknown_ones_are_left_alone() -> None:
    html = '<img src="cid:logo%40here"><img src=CID:other><p style="background:url(cid:logo@here)">'

    document = as_document(html, {"logo@here": "/p/0"}.get)

    assert document == (
        f'{BEFORE}<img src="/p/0"><img src=CID:other><p style="background:url(/p/0)">'
    )


def test_a_link_cannot_choose_where_it_opens() -> None:
    html = "<a href='/x' target=_top>a</a> <A TARGET=\"_self\" href=y>b</A> target=c"

    assert (
        as_document(html, lambda _: None) == f"{BEFORE}<a href='/x'>a</a> <A href=y>b</A> target=c"
    )


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("open https://reset.example.test/activate/a-b_c. Then", ["https://reset.example.test/activate/a-b_c"]),
        ("(see http://a.example/x?y=1&z), or", ["http://a.example/x?y=1&z"]),
        ("javascript:alert(1) data:text/html,x ftp://a.example", []),
        ('https://a.example/"onmouseover="x', ["https://a.example/"]),
        ("", []),
    ],
)  # fmt: skip
def test_links_are_found_in_a_plain_text(text: str, links: list[str]) -> None:
    pieces = with_links(text)

    assert [piece.text for piece in pieces if piece.is_link] == links
    assert "".join(piece.text for piece in pieces) == text
