"""`resetline mail test` and the doctor's look at mail, with a real mail server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from gateway.cli.mail_checkup import mail
from gateway.settings import Settings
from simulator.active_directory.certificates import CertificateAuthority
from tests.gateway.cli.conftest import Terminal
from tests.mail_server import PASSWORD, USER, Mailbox, mail_server

SIGNED = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"


@pytest.fixture(scope="module")
def ca() -> CertificateAuthority:
    return CertificateAuthority()


@pytest.fixture
def desk(terminal: Terminal, ca: CertificateAuthority) -> Terminal:
    """A terminal with every setting but a mail server."""
    terminal.environment |= {
        "PUBLIC_URL": "https://reset.example.com",
        "TWILIO_ACCOUNT_SID": "AC" + "5" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+12025550100",
        "TWILIO_API_URL": "http://127.0.0.1:1",
        "SMTP_CA_FILE": terminal.file("ca.pem", ca.pem),
    }
    return terminal


@pytest.fixture
def box(desk: Terminal, ca: CertificateAuthority) -> Iterator[Mailbox]:
    with mail_server(ca=ca, sign_in=True) as box:
        desk.environment["SMTP_URL"] = f"smtp://{SIGNED}localhost:{box.port}?tls=starttls"
        yield box


def findings(desk: Terminal, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, str, str]]:
    for name, value in desk.environment.items():
        monkeypatch.setenv(name, value)
    found = mail(Settings.from_environment())
    return {each.name: (each.verdict.value, each.detail, each.advice) for each in found}


def test_a_test_mail_arrives(desk: Terminal, box: Mailbox) -> None:
    said = desk.run("mail", "test", "mia@northwind.example")
    assert said.startswith("The server has taken a mail for mia@northwind.example")
    [arrived] = box.mails
    assert arrived["Subject"] == "Resetline: mail works"
    assert arrived["From"] == USER
    assert "there is nothing to do" in arrived.get_content()


@pytest.mark.parametrize(
    ("settings", "sent_from"),
    [
        ({"MAIL_FROM": "Help Desk <help@msp.example>"}, "Help Desk <help@msp.example>"),
        ({}, "resetline@reset.example.com"),
        ({"PUBLIC_URL": "http://127.0.0.1:8000"}, "resetline@127.0.0.1"),
        ({"PUBLIC_URL": "http://[::1]:8000"}, "resetline@localhost"),
    ],
)
def test_whom_mail_is_from(desk: Terminal, settings: dict[str, str], sent_from: str) -> None:
    with mail_server() as box:
        desk.environment |= settings | {"SMTP_URL": f"smtp://127.0.0.1:{box.port}"}
        desk.run("mail", "test", "mia@northwind.example")
        assert box.mails[0]["From"] == sent_from


def test_what_went_wrong_is_said_with_what_to_do(desk: Terminal, box: Mailbox) -> None:
    box.answers["RCPT"] = ["554 5.7.1 Relay access denied"]
    said = desk.refused("mail", "test", "mia@northwind.example")
    assert "was not sent (relay_refused_554): give SMTP_URL a user and a password" in said
    assert box.raw == []


def test_without_a_server_no_mail_can_be_tested(desk: Terminal) -> None:
    assert "SMTP_URL is not set" in desk.refused("mail", "test", "mia@northwind.example")


def test_a_wrong_address_is_not_written_to(desk: Terminal, box: Mailbox) -> None:
    assert "ADDRESS cannot be written to" in desk.refused("mail", "test", "mia", status=2)


def test_the_doctor_signs_in_and_sends_nothing(
    desk: Terminal, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run("organization", "set", "northwind", "--alert-email", "alerts@msp.example")
    assert findings(desk, monkeypatch) == {
        "mail": ("good", f"localhost lets us in; mail is from {USER}", "")
    }
    assert box.raw == []


def test_the_doctor_names_organizations_whose_msp_is_not_told(
    desk: Terminal, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict, _, advice = findings(desk, monkeypatch)["alerts of northwind"]
    assert verdict == "warning"
    assert advice == "`resetline organization set northwind --alert-email …`"
    desk.run("tenant", "set", "msp", "--alert-email", "alerts@msp.example")
    assert "alerts of northwind" not in findings(desk, monkeypatch)


@pytest.mark.parametrize(
    ("url", "reason", "todo"),
    [
        (
            "smtp://u:wrong@localhost:{port}?tls=starttls",
            "sign_in_535",
            "correct user and password",
        ),
        ("smtp://u:wrong@127.0.0.1:{port}?tls=starttls", "certificate", "SMTP_CA_FILE"),
        ("smtps://u:wrong@localhost:{port}", "tls", "smtps:// is for port 465"),
        ("smtp://127.0.0.1:1", "unreachable", "the firewall"),
    ],
)
def test_the_doctor_says_what_is_wrong_with_the_server_and_shows_no_password(
    desk: Terminal,
    box: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    reason: str,
    todo: str,
) -> None:
    desk.environment["SMTP_URL"] = url.format(port=box.port)
    verdict, detail, advice = findings(desk, monkeypatch)["mail"]
    assert (verdict, f"({reason})" in detail, todo in advice) == ("broken", True, True)
    assert "wrong" not in detail + advice


def test_a_worker_for_mail_needs_a_server(desk: Terminal) -> None:
    assert "no mail is sent without SMTP_URL" in desk.refused("worker", "--queue", "mail")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SMTP_URL", "smtp://u:Sec/ret@mail.example.com", "SMTP_URL: give a URL such as smtp://"),
        ("SMTP_URL", "smtp://mail.example.com?tls=none", "on this machine only"),
        ("MAIL_FROM", "Secret help desk", "MAIL_FROM: an address looks like"),
        ("SMTP_CA_FILE", "/Secret.pem", "SMTP_CA_FILE: give a readable file"),
    ],
)
def test_a_wrong_setting_is_named_and_not_shown(
    desk: Terminal, name: str, value: str, said: str
) -> None:
    desk.environment[name] = value
    shown = desk.refused("mail", "test", "mia@northwind.example")
    assert said in shown
    assert "Sec" not in shown


def test_no_report_shows_the_password(
    desk: Terminal, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")  # nothing answers at PUBLIC_URL
    desk.environment["REDIS_URL"] = "redis://127.0.0.1:1/0"
    report = desk.enter("doctor", "--json").stdout
    assert {"mail", "alerts of northwind"} <= {finding["name"] for finding in json.loads(report)}
    shown = report + desk.enter("doctor").output
    assert PASSWORD not in shown
    assert quote(PASSWORD, safe="") not in shown
