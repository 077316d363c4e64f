"""`resetline mail test` and the doctor's look at mail, with a real mail server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from gateway.cli.mail_checkup import mail
from gateway.pictures import redrawn
from gateway.settings import Settings
from simulator.active_directory.certificates import CertificateAuthority
from tests.gateway.cli.conftest import Terminal
from tests.mail_server import PASSWORD, USER, Mailbox, mail_server
from tests.pictures import logo

ALL_THREE = ("activation.txt", "activation.html", "logo.png")
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
    text, html = (part.get_content() for part in arrived.iter_parts())
    assert "there is nothing to do" in text
    assert "there is nothing to do" in html


def test_a_test_mail_looks_like_an_organizations(desk: Terminal, box: Mailbox) -> None:
    logo_file = desk.file("logo.png", logo())
    desk.run("organization", "set", "northwind", "--color", "#ffdd00", "--logo", logo_file)
    desk.run("tenant", "set", "msp", "--mail-from", "Example MSP <help@msp.example>")
    desk.run("mail", "test", "mia@northwind.example", "--organization", "northwind")
    [arrived] = box.mails
    assert arrived["Subject"] == "Northwind: mail works"
    assert arrived["From"] == "Example MSP <help@msp.example>"
    kinds = [part.get_content_type() for part in arrived.walk()]
    assert kinds[-1] == "image/png"
    assert box.seen == [("help@msp.example", "mia@northwind.example")]


def test_a_test_mail_for_an_unknown_organization_is_not_sent(desk: Terminal, box: Mailbox) -> None:
    said = desk.refused("mail", "test", "mia@northwind.example", "--organization", "nort")
    assert "there is no organization 'nort': did you mean northwind?" in said
    assert box.raw == []


def test_a_mail_can_be_looked_at_without_sending_it(terminal: Terminal) -> None:
    logo_file = terminal.file("logo.png", logo())
    terminal.run("organization", "set", "northwind", "--color", "#ffdd00", "--logo", logo_file)
    out = terminal.folder / "look" / "here"
    said = terminal.run(
        *("mail", "preview", "activation", "--organization", "northwind", "--out", str(out))
    )
    assert said == "".join(f"Wrote {out / name}\n" for name in ALL_THREE)
    text, html, picture = ((out / name).read_bytes() for name in ALL_THREE)
    assert text.startswith(b"Subject: Northwind: set up your phone")
    assert b'src="logo.png"' in html
    assert b"#ffdd00" in html
    assert picture == redrawn(logo()).content


def test_a_mail_can_be_looked_at_before_there_is_a_database(bare: Terminal) -> None:
    bare.environment.pop("SECRET_KEYS")
    bare.run("mail", "preview", "enrolled", "--out", str(bare.folder), "--language", "de")
    assert b"Your phone is set up" in (bare.folder / "enrolled.html").read_bytes()
    assert not (bare.folder / "logo.png").exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["activaton"], 2, "there is no mail 'activaton': did you mean activation"),
        (["test", "--language", "english"], 2, "is no code of a language"),
        (["test", "--organization", "nort"], 1, "did you mean northwind?"),
    ],
)
def test_a_mail_that_is_not_there_cannot_be_looked_at(
    terminal: Terminal, words: list[str], status: int, said: str
) -> None:
    out = str(terminal.folder / "out")
    assert said in terminal.refused("mail", "preview", *words, "--out", out, status=status)


def test_a_folder_that_cannot_be_written_is_said(terminal: Terminal) -> None:
    out = terminal.file("a-file", "")
    assert "cannot be written" in terminal.refused("mail", "preview", "test", "--out", out)


@pytest.fixture
def own(desk: Terminal) -> Path:
    """A folder with one template of an operator's own."""
    folder = desk.folder / "ours" / "email" / "en"
    folder.mkdir(parents=True)
    (folder / "test.txt").write_text("Subject: {{ organization }}: hi\n\nOur own words.\n")
    desk.environment["TEMPLATES_DIR"] = str(desk.folder / "ours")
    return folder


def test_templates_of_ones_own_are_used_and_named_by_the_doctor(
    desk: Terminal, box: Mailbox, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run("mail", "test", "mia@northwind.example")
    assert all("Our own words." in part.get_content() for part in box.mails[0].iter_parts())
    verdict, detail, _ = findings(desk, monkeypatch)["mail templates"]
    assert (verdict, detail) == ("good", "all 1 of yours can be written")


def test_a_broken_template_is_found_by_the_doctor_and_seen_in_the_preview(
    desk: Terminal, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own / "enrolled.txt").write_text("Subject: hi\n\n{{ nubmer }}\n")
    verdict, detail, advice = findings(desk, monkeypatch)["mail templates"]
    assert (verdict, "'nubmer' is undefined" in detail) == ("broken", True)
    assert "until then our own is used in its place" in advice
    result = desk.enter("mail", "preview", "enrolled", "--out", str(desk.folder))
    assert "Note: not used, as it is broken: email/en/enrolled.txt: enrolled" in result.stderr
    assert "is set up for your Windows" in (desk.folder / "enrolled.txt").read_text()


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
        ("TEMPLATES_DIR", "/Secret", "TEMPLATES_DIR: give a folder that has a folder email in it"),
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
