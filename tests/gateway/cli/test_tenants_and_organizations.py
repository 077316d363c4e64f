"""Tenants and organizations: added once, listed, and checked before they are kept."""

from __future__ import annotations

import pytest

from gateway.records import Organization, Tenant
from tests.gateway.cli.conftest import Terminal


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
        {"slug": "muller-sohne-it", "name": "Müller & Söhne IT", "organizations": 0}
    ]
    assert bare.events() == ["tenant:added"]


def test_tenants_are_listed_for_people(terminal: Terminal) -> None:
    assert terminal.run("tenant", "list").splitlines() == [
        "slug  name         organizations",
        "msp   Example MSP  1",
    ]


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
        *("--time-zone", "Europe/Berlin"),
    )
    assert terminal.json("organization", "list", "--json")[0] == {
        "slug": "acme",
        "tenant": "msp",
        "name": "Acme & Söhne",
        "country": "DE",
        "language": "en",
        "support": "+49 30 1234567",
        "time_zone": "Europe/Berlin",
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
    assert "people get those in English" in result.stderr


def test_a_kind_of_a_language_is_written_in_that_language(terminal: Terminal) -> None:
    acme = ("organization", "add", "acme", "--tenant", "msp", "--name", "Acme", "--language")
    assert terminal.enter(*acme, "en-GB").stderr == ""
