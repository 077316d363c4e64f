"""Tenants and organizations: added once, listed, and checked before they are kept."""

from __future__ import annotations

import json

import pytest

from gateway.records import Organization, Tenant
from tests.gateway.cli.conftest import Terminal

PLAIN = {"color": "", "logo": False, "terms_url": "", "privacy_url": ""}
"""How something looks that nobody has given a look."""


def test_the_tables_are_created_once(bare: Terminal) -> None:
    assert bare.run("db", "upgrade").startswith("Created the tables (version ")
    assert bare.run("db", "upgrade").startswith("Nothing to do")


def test_a_database_of_a_newer_version_is_gone_on_with(terminal: Terminal) -> None:
    """A release that is rolled back runs the older command on the newer tables."""
    terminal.sql("UPDATE alembic_version SET version_num = '9999'")
    assert "Nothing to do" in terminal.run("db", "upgrade")
    assert "msp" in terminal.run("tenant", "list")


def test_a_tenant_is_added_with_a_slug_from_its_name(bare: Terminal) -> None:
    bare.run("db", "upgrade")
    assert bare.run("tenant", "add", "Müller & Söhne  IT") == "Added the tenant muller-sohne-it.\n"
    assert bare.json("tenant", "list", "--json") == [
        {
            "slug": "muller-sohne-it",
            "name": "Müller & Söhne IT",
            "alert_email": None,
            **PLAIN,
            "support": "",
            "mail_from": "",
            "organizations": 0,
        }
    ]
    assert bare.events() == ["tenant:added"]


def test_tenants_are_listed_for_people(terminal: Terminal) -> None:
    head, row = terminal.run("tenant", "list").splitlines()
    assert head.startswith("slug  name         alert email  support  mail from  color  logo  ")
    assert row.startswith("msp   Example MSP  -            -        -          -      no    ")


def test_an_empty_list_says_what_to_do(bare: Terminal) -> None:
    bare.run("db", "upgrade")
    assert "resetline tenant add" in bare.run("tenant", "list")
    assert "resetline organization add" in bare.run("organization", "list")
    assert bare.json("organization", "list", "--json") == []


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["Example MSP"], 0, "Added the tenant example-msp."),
        (["Example", "--slug", "msp"], 1, "there is a tenant 'msp' already"),
        (["Example", "--slug", "Not A Slug"], 2, "is no slug: use up to 63 lower-case letters"),
        (["Example", "--slug", "a" * 64], 2, "is no slug"),
        (["東京"], 2, "give one with --slug"),
        (["  "], 2, "1 to 100 printable characters"),
        (["x" * 101], 2, "1 to 100 printable characters"),
        (["bell\x07"], 2, "1 to 100 printable characters"),
    ],
)
def test_what_a_tenant_may_be_called(
    terminal: Terminal, words: list[str], status: int, said: str
) -> None:
    result = terminal.enter("tenant", "add", *words)
    assert (result.exit_code, said in result.output) == (status, True)
    assert len(terminal.stored(Tenant)) == (2 if status == 0 else 1)


def test_an_organization_is_kept_as_it_was_described(terminal: Terminal) -> None:
    terminal.run(
        *("organization", "add", "acme", "--tenant", "msp", "--name", " Acme  & Söhne "),
        *("--country", "de", "--language", "en", "--support", "+49 30 1234567"),
        *("--time-zone", "Europe/Berlin", "--alert-email", "Alerts@MSP.example"),
    )
    assert terminal.json("organization", "list", "--json")[0] == {
        "slug": "acme",
        "tenant": "msp",
        "name": "Acme & Söhne",
        "country": "DE",
        "language": "en",
        "support": "+49 30 1234567",
        "time_zone": "Europe/Berlin",
        "alert_email": "Alerts@msp.example",
        **PLAIN,
        "directory": None,
        "people": 0,
    }
    assert terminal.events()[-1] == "organization:added"


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"--name": "x" * 31}, 2, "--name takes 31 characters in a text: at most 30"),
        ({"--name": "[" * 16}, 2, "--name takes 32 characters"),
        ({"--name": "Größe\u2019s"}, 2, '''try "Größe's"'''),
        ({"--name": " "}, 2, "--name is empty"),
        ({"--support": "+1 415 555 0100 ext. 12"}, 2, "--support takes 23 characters"),
        ({"--country": "XX"}, 2, "is no country: give two letters"),
        ({"--country": "Germany"}, 2, "is no country"),
        ({"--language": "english"}, 2, "is no code of a language"),
        ({"--time-zone": "America/New_Yrok"}, 2, "did you mean America/New_York"),
        ({"--time-zone": "../../etc/passwd"}, 2, "there is no time zone"),
        ({"--alert-email": "alerts"}, 2, "--alert-email cannot be written to"),
        ({"--tenant": "mps"}, 1, "there is no tenant 'mps': did you mean msp?"),
        ({"--tenant": "xyz"}, 1, "there is no tenant 'xyz'; there are msp"),
    ],
)
def test_an_organization_that_would_not_work_is_refused(
    terminal: Terminal, changes: dict[str, str], status: int, said: str
) -> None:
    options = {"--tenant": "msp", "--name": "Acme", **changes}
    words = [word for option in options.items() for word in option]
    assert said in terminal.refused("organization", "add", "acme", *words, status=status)
    assert len(terminal.stored(Organization)) == 1


def test_an_organization_is_added_once(terminal: Terminal) -> None:
    said = terminal.refused("organization", "add", "northwind", "--tenant", "msp", "--name", "N")
    assert "there is an organization 'northwind' already" in said


def test_a_language_without_texts_is_taken_and_said(terminal: Terminal) -> None:
    acme = ("organization", "add", "acme", "--tenant", "msp", "--name", "Acme", "--language")
    result = terminal.enter(*acme, "ja")
    assert result.exit_code == 0
    assert "there are no texts in ja: people get English; there are de, en, es," in result.stderr


def test_a_kind_of_a_language_is_written_in_that_language(terminal: Terminal) -> None:
    acme = ("organization", "add", "acme", "--tenant", "msp", "--name", "Acme", "--language")
    assert terminal.enter(*acme, "en-GB").stderr == ""


def reasons(terminal: Terminal) -> list[str]:
    """What the audit says of changes, oldest first."""
    lines = map(json.loads, terminal.run("audit", "export").splitlines())
    return [line["reason"] for line in lines if line["event"].endswith(":changed")]


def test_what_an_organization_is_set_up_with_can_be_changed(terminal: Terminal) -> None:
    said = terminal.run(
        *("organization", "set", "northwind", "--name", "North Wind", "--language", "en-GB"),
        *("--support", "+1 415 555 0100", "--time-zone", "America/New_York"),
        *("--alert-email", "alerts@msp.example"),
    )
    assert said == "Changed name, language, support, time zone, alert email of northwind.\n"
    [organization] = terminal.json("organization", "list", "--json")
    assert organization["name"] == "North Wind"
    assert organization["language"] == "en-GB"
    assert organization["support"] == "+1 415 555 0100"
    assert organization["time_zone"] == "America/New_York"
    assert organization["alert_email"] == "alerts@msp.example"
    assert organization["country"] == "US"


def test_the_audit_says_what_was_changed_and_shows_nobodys_number_or_address(
    terminal: Terminal,
) -> None:
    change = ("organization", "set", "northwind")
    terminal.run(*change, "--name", "North Wind", "--support", "+1 415 555 0100")
    terminal.run(*change, "--alert-email", "alerts@msp.example")
    terminal.run(*change, "--alert-email", "help@msp.example", "--support", "")
    terminal.run(*change, "--alert-email", "")
    terminal.run(*change, "--time-zone", "America/Argentina/ComodRivadavia")
    terminal.run(*change, "--time-zone", "America/Argentina/Buenos_Aires")
    assert reasons(terminal) == [
        "name: Northwind -> North Wind",
        "support: set",
        "alert_email: set",
        "support: removed",
        "alert_email: changed",
        "alert_email: removed",
        "time_zone: UTC -> America/Argentina/ComodRivadavia",
        "time_zone: America/Argentina/ComodRivadavia -> America/Arge…",
    ]
    assert terminal.stored(Organization)[0].alert_email is None


def test_a_change_that_changes_nothing_is_not_audited(terminal: Terminal) -> None:
    said = terminal.run("organization", "set", "northwind", "--name", "Northwind")
    assert said == "Nothing to change: northwind is like that already.\n"
    assert reasons(terminal) == []


def test_a_tenant_can_be_renamed_and_given_an_alert_contact(terminal: Terminal) -> None:
    said = terminal.run("tenant", "set", "msp", "--name", "MSP", "--alert-email", "a@msp.example")
    assert said == "Changed name, alert email of msp.\n"
    [tenant] = terminal.json("tenant", "list", "--json")
    assert (tenant["name"], tenant["alert_email"]) == ("MSP", "a@msp.example")
    assert reasons(terminal) == ["name: Example MSP -> MSP", "alert_email: set"]
    terminal.run("tenant", "add", "Another", "--alert-email", "b@msp.example")
    assert terminal.stored(Tenant)[1].alert_email == "b@msp.example"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["organization", "set", "northwind"], 2, "use one or more of --"),
        (["organization", "set", "northwind", "--name", ""], 2, "--name is empty"),
        (["organization", "set", "northwind", "--name", "x" * 31], 2, "at most 30"),
        (["organization", "set", "northwind", "--language", "english"], 2, "no code of a language"),
        (["organization", "set", "northwind", "--time-zone", "Mars"], 2, "there is no time zone"),
        (["organization", "set", "northwind", "--alert-email", "x@"], 2, "cannot be written to"),
        (["organization", "set", "nort", "--name", "N"], 1, "did you mean northwind?"),
        (["tenant", "set", "msp"], 2, "use one or more of --"),
        (["tenant", "set", "msp", "--name", " "], 2, "1 to 100 printable characters"),
        (["tenant", "set", "msp", "--alert-email", "x"], 2, "cannot be written to"),
        (["tenant", "add", "Other", "--alert-email", "x"], 2, "cannot be written to"),
        (["tenant", "set", "mps", "--name", "N"], 1, "did you mean msp?"),
    ],
)
def test_a_wrong_change_is_refused_whole(
    terminal: Terminal, words: list[str], status: int, said: str
) -> None:
    before = terminal.run("organization", "list"), terminal.run("tenant", "list")
    assert said in terminal.refused(*words, status=status)
    assert (terminal.run("organization", "list"), terminal.run("tenant", "list")) == before
