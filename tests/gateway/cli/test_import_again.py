"""An import over people who have proved a number, changed an address, or have none."""

from __future__ import annotations

import json

import pytest
from click.testing import Result

from gateway.records import Person, Phone
from tests.gateway.cli.conftest import PEOPLE, Terminal

OTHER = "username,phone\nmia.keller,+14155550119\n"


@pytest.fixture
def proved(terminal: Terminal) -> Terminal:
    """Mia has proved her number herself; the organization vouches for Sam's."""
    terminal.imported(PEOPLE, "--trust-phones")
    terminal.sql("UPDATE phones SET verified_by = 'code' WHERE id = 1")
    return terminal


def again(terminal: Terminal, text: str, *options: str) -> Result:
    result = terminal.enter("people", "import", "northwind", "-", *options, stdin=text)
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize("options", [[], ["--trust-phones"]])
def test_a_number_that_was_proved_is_kept_and_that_is_said(
    proved: Terminal, options: list[str]
) -> None:
    result = again(proved, OTHER, *options)
    assert "0 added, 0 changed, 1 unchanged" in result.stdout
    assert "1 person kept the number that they have proved, though the file" in result.stderr
    assert "--replace-proved-phones" in result.stderr
    assert proved.phone_of("mia.keller")["number"] == "+1***0111"
    assert proved.phone_of("mia.keller")["verified"]


def test_a_number_that_was_proved_is_replaced_where_it_is_so_wished(proved: Terminal) -> None:
    result = again(proved, OTHER, "--replace-proved-phones", "--trust-phones")
    assert "kept" not in result.stderr
    old, new = proved.people()["mia.keller"]["phones"]
    assert (old["number"], old["verified"]) == ("+1***0111", False)
    assert (new["number"], new["verified"]) == ("+1***0119", True)
    assert proved.events()[-3:] == ["phone:replaced", "phone:verified", "people:imported"]


def test_a_number_that_only_the_organization_vouched_for_is_replaced(proved: Terminal) -> None:
    result = again(proved, OTHER.replace("mia.keller", "sam.ortiz"))
    assert "1 changed" in result.stdout
    assert proved.phone_of("sam.ortiz")["number"] == "+1***0119"


def test_the_same_number_in_the_file_changes_nothing_of_how_it_was_proved(proved: Terminal) -> None:
    assert again(proved, PEOPLE, "--trust-phones").stderr == ""
    assert [phone.verified_by for phone in proved.stored(Phone)] == ["code", "import"]


def test_a_number_that_was_replaced_does_not_come_back_with_an_old_file(proved: Terminal) -> None:
    """Who has changed their number: the row of the old one is kept for a day, to be told."""
    proved.sql(
        "INSERT INTO phones (tenant_id, person_id, sealed_number, number_index, verified_by,"
        " forget_at, created_at) SELECT tenant_id, person_id, 'x', 'x', 'code', NULL, created_at"
        " FROM phones WHERE id = 1"
    )
    proved.sql("UPDATE phones SET verified_at = created_at WHERE number_index = 'x'")
    proved.sql(
        "UPDATE phones SET verified_at = NULL, verified_by = '', forget_at = '2099-01-01 00:00:00'"
        " WHERE id = 1"
    )
    result = again(proved, PEOPLE, "--trust-phones")
    assert "1 person kept the number" in result.stderr
    old = next(phone for phone in proved.stored(Phone) if phone.id == 1)
    assert (old.verified_at, old.forget_at is not None) == (None, True)


def test_a_number_that_was_to_be_forgotten_stays_when_the_file_names_it(
    terminal: Terminal,
) -> None:
    terminal.imported(PEOPLE)
    terminal.sql("UPDATE phones SET forget_at = '2099-01-01 00:00:00'")
    again(terminal, PEOPLE)
    assert {phone.forget_at for phone in terminal.stored(Phone)} == {None}


def test_an_address_that_changes_clears_nothing_else(proved: Terminal) -> None:
    proved.sql("UPDATE people SET used_at = created_at, invited_at = created_at")
    before = proved.people()["mia.keller"]
    assert "1 changed" in again(proved, "username,email\nmia.keller,new@example.com\n").stdout
    assert proved.people()["mia.keller"] == before
    assert proved.stored(Person)[0].email == "new@example.com"


def test_an_import_switches_on_whom_it_names_and_nobody_silently(terminal: Terminal) -> None:
    """What a command was typed for, it does: also of those who are known already."""
    terminal.imported("username\nmia.keller\nsam.ortiz\n")
    assert "2 changed" in terminal.imported("username\nmia.keller\nsam.ortiz\n", "--self-serve")
    assert audited(terminal) == [("person:self_serve:on", 1), ("person:self_serve:on", 2)]
    terminal.run("people", "self-serve", "northwind", "off", "mia.keller")
    assert "2 unchanged" in terminal.imported("username\nmia.keller\nsam.ortiz\n")
    assert not terminal.people()["mia.keller"]["self_serve"]


def test_who_was_switched_and_whose_address_was_changed_is_audited(terminal: Terminal) -> None:
    terminal.imported("username,self_serve,email\nmia,yes,mia@example.com\nsam,no,\n")
    assert audited(terminal) == [("person:self_serve:on", 1)]
    terminal.imported("username,self_serve,email\nmia,no,new@example.com\nsam,yes,\n")
    assert audited(terminal)[1:] == [
        ("person:self_serve:off", 1),
        ("person:email:changed", 1),
        ("person:self_serve:on", 2),
    ]
    terminal.imported("username,self_serve,email\nmia,no,new@example.com\nsam,yes,\n")
    assert len(audited(terminal)) == 4, "nothing was changed"


def audited(terminal: Terminal) -> list[tuple[str, int]]:
    """What of people, and of whom, with the reason that it was an import."""
    found = [json.loads(line) for line in terminal.run("audit", "export").splitlines()]
    about_people = [each for each in found if each["event"].startswith("person:")]
    assert {(each["reason"], each["mode"]) for each in about_people} == {("import", "cli")}
    return [(each["event"], each["person_id"]) for each in about_people]


WITHOUT = "username,phone,email\na,+14155550113,\nb,+14155550114,b@example.com\nc,,\n"


def test_who_cannot_help_themselves_for_want_of_an_email_is_counted(terminal: Terminal) -> None:
    result = again(terminal, WITHOUT, "--trust-phones", "--self-serve")
    assert "1 person cannot help themselves yet for want of an email" in result.stderr
    assert "policy email_required" in result.stderr
    counts = json.loads(again(terminal, WITHOUT, "--trust-phones", "--json").stdout)
    assert (counts["no_email"], counts["kept_proved"]) == (1, 0)


def test_nobody_is_counted_where_no_email_is_required(terminal: Terminal) -> None:
    terminal.run("policy", "set", "northwind", "email_required=off")
    assert again(terminal, WITHOUT, "--trust-phones").stderr == ""


def test_without_trust_the_numbers_are_what_is_missing(terminal: Terminal) -> None:
    result = again(terminal, WITHOUT)
    assert "Nobody can text from 2 of the numbers yet" in result.stderr
    assert "`resetline people invite northwind`" in result.stderr
    assert "for want of an email" not in result.stderr
