"""How tenants and organizations look: checked before it is kept, listed, audited, taken away."""

from __future__ import annotations

import json

import pytest

from gateway.records import Logo, Organization, Tenant
from tests.gateway.cli.conftest import Terminal
from tests.pictures import logo, picture

NORTHWIND = ("organization", "set", "northwind")
MSP = ("tenant", "set", "msp")


@pytest.fixture
def logo_file(terminal: Terminal) -> str:
    return terminal.file("logo.png", logo())


def reasons(terminal: Terminal) -> list[str]:
    lines = map(json.loads, terminal.run("audit", "export").splitlines())
    return [line["reason"] for line in lines if line["event"].endswith(":changed")]


def test_an_organization_gets_a_look(terminal: Terminal, logo_file: str) -> None:
    said = terminal.run(
        *(*NORTHWIND, "--color", "0B5FFF", "--logo", logo_file),
        *("--terms-url", "https://northwind.example/terms"),
        *("--privacy-url", "https://northwind.example/privacy"),
    )
    assert said == "Changed color, terms url, privacy url, logo of northwind.\n"
    [shown] = terminal.json("organization", "list", "--json")
    assert (shown["color"], shown["logo"]) == ("#0b5fff", True)
    assert shown["terms_url"] == "https://northwind.example/terms"
    assert shown["privacy_url"] == "https://northwind.example/privacy"
    [kept] = terminal.stored(Logo)
    assert (kept.media_type, kept.width, kept.height) == ("image/png", 480, 128)


def test_a_tenant_gets_a_look_for_all_of_its_organizations(
    terminal: Terminal, logo_file: str
) -> None:
    sender = "Example MSP <help@msp.example>"
    terminal.run(
        *(*MSP, "--color", "#05f", "--logo", logo_file, "--mail-from", sender),
        *("--support", "+1 415 555 0100", "--terms-url", "https://msp.example/terms"),
    )
    [shown] = terminal.json("tenant", "list", "--json")
    assert (shown["color"], shown["logo"], shown["mail_from"]) == ("#0055ff", True, sender)
    assert (shown["support"], shown["privacy_url"]) == ("+1 415 555 0100", "")


def test_both_can_be_added_with_a_look(terminal: Terminal, logo_file: str) -> None:
    look = ("--color", "#123456", "--logo", logo_file, "--support", "ext. 100")
    terminal.run("tenant", "add", "Other", "--mail-from", "help@other.example", *look)
    terminal.run("organization", "add", "acme", "--tenant", "other", "--name", "Acme", *look)
    for added in (terminal.stored(Tenant)[-1], terminal.stored(Organization)[-1]):
        assert (added.color, added.support) == ("#123456", "ext. 100")
        assert added.logo_id is not None
    assert len(terminal.stored(Logo)) == 1


def test_the_audit_says_what_was_changed(terminal: Terminal, logo_file: str) -> None:
    terminal.run(*NORTHWIND, "--color", "#0b5fff", "--logo", logo_file)
    terminal.run(*NORTHWIND, "--logo", terminal.file("other.jpg", picture(kind="JPEG")))
    terminal.run(*NORTHWIND, "--color", "", "--logo", "")
    terminal.run(*MSP, "--mail-from", "help@msp.example")
    assert reasons(terminal) == [
        "color: - -> #0b5fff",
        "logo: set",
        "logo: changed",
        "color: #0b5fff -> -",
        "logo: removed",
        "mail_from: set",
    ]


def test_a_logo_is_kept_once_and_only_while_somebody_shows_it(
    terminal: Terminal, logo_file: str
) -> None:
    terminal.run(*NORTHWIND, "--logo", logo_file)
    terminal.run(*MSP, "--logo", logo_file)
    assert len(terminal.stored(Logo)) == 1
    assert terminal.run(*MSP, "--logo", logo_file).startswith("Nothing to change")
    terminal.run(*NORTHWIND, "--logo", "")
    assert len(terminal.stored(Logo)) == 1
    terminal.run(*MSP, "--logo", "")
    assert terminal.stored(Logo) == []


def test_a_colour_that_is_too_pale_for_links_is_taken_and_said(terminal: Terminal) -> None:
    result = terminal.enter(*NORTHWIND, "--color", "#ffdd00")
    assert result.exit_code == 0
    assert result.stderr == ("Note: #ffdd00 cannot be read on white, so links there are #877500.\n")
    assert terminal.enter(*NORTHWIND, "--color", "#0b5fff").stderr == ""


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--color", "blue", "six hexadecimal digits, such as #0b5fff"),
        ("--logo", "/nowhere/logo.png", "cannot be read: No such file"),
        ("--terms-url", "http://msp.example/terms", "--terms-url takes an address such as https"),
        ("--terms-url", "javascript:alert(1)", "--terms-url takes an address"),
        ("--terms-url", "https://mia@evil.example/", "--terms-url takes an address"),
        ("--terms-url", "https://msp.example/\x07", "--terms-url takes an address"),
        ("--privacy-url", "https://[", "--privacy-url takes an address"),
        ("--privacy-url", "https://msp.example/" + "x" * 500, "--privacy-url takes an address"),
        ("--support", "+1 415 555 0100 ext. 12", "at most 20"),
    ],
)
def test_a_look_that_would_not_work_is_refused(
    terminal: Terminal, option: str, value: str, said: str
) -> None:
    for noun in (NORTHWIND, MSP):
        assert said in terminal.refused(*noun, option, value, status=2)
    assert reasons(terminal) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no picture", "it is not a whole PNG or JPEG picture"),
        (picture(2001, 10), "2001 x 10 pixels large"),
        (bytes(300 * 1024), "larger than 256 KiB"),
    ],
)
def test_a_logo_that_cannot_be_shown_is_refused(
    terminal: Terminal, content: bytes, said: str
) -> None:
    path = terminal.file("logo.png", content)
    assert said in terminal.refused(*NORTHWIND, "--logo", path, status=2)


@pytest.mark.parametrize(
    "address", ["help", "Help <help@>", "a\r\nBcc: eve@evil.example", f"{'x' * 320} <a@b.example>"]
)
def test_a_sender_that_no_mail_can_have_is_refused(terminal: Terminal, address: str) -> None:
    assert "--mail-from" in terminal.refused(*MSP, "--mail-from", address, status=2)
