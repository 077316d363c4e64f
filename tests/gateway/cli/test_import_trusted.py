"""Numbers that an organization vouches for in a file: the same rules as everywhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.records import Mail, OutboundMessage, Person
from tests.gateway.cli.conftest import PEOPLE, Terminal
from tests.gateway.cli.test_import_again import OTHER, again

BRITISH = "username,display_name,phone\nmia.keller,Mia K.,+447400123456\n"


def shared_by(count: int) -> str:
    rows = "".join(f"user{number},+14155550150\n" for number in range(count))
    return f"username,phone\n{rows}"


def test_a_reset_is_held_back_once_another_number_is_vouched_for(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    assert terminal.stored(Person)[0].reset_held_until is None, "a first number changes nothing"
    again(terminal, OTHER, "--trust-phones")
    mia = terminal.stored(Person)[0]
    (mail,), (text,) = terminal.stored(Mail), terminal.stored(OutboundMessage)
    assert mia.reset_held_until == mail.created_at + timedelta(hours=24)
    assert (mail.template, mail.facts["number"]) == ("number_changed", "+1***0119")
    assert (text.template, text.phone_id) == ("number_replaced", 1)
    assert terminal.events()[-3:] == ["phone:replaced", "phone:verified", "people:imported"]


def test_a_number_that_texted_stop_is_not_told_and_the_person_is(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    terminal.opts("+14155550111", out=True)
    again(terminal, OTHER, "--trust-phones")
    assert terminal.stored(OutboundMessage) == []
    assert [mail.template for mail in terminal.stored(Mail)] == ["number_changed"]


def test_how_long_is_for_the_policy_to_say(terminal: Terminal) -> None:
    terminal.run("policy", "set", "northwind", "hold_after_phone_change_hours=0")
    terminal.imported(PEOPLE, "--trust-phones")
    again(terminal, OTHER, "--trust-phones")
    assert terminal.stored(Person)[0].reset_held_until is None


def test_nothing_is_held_back_where_nobody_vouches(terminal: Terminal) -> None:
    terminal.imported(PEOPLE)
    again(terminal, OTHER)
    assert terminal.stored(Person)[0].reset_held_until is None
    assert terminal.stored(OutboundMessage) == []


def test_the_number_of_a_whole_office_is_nobodys_own(terminal: Terminal) -> None:
    said = terminal.enter(
        *("people", "import", "northwind", "-", "--trust-phones"), stdin=shared_by(5)
    ).stderr
    assert said.splitlines() == [
        "line 5: the phone number +1***0150 is that of 3 people already",
        "line 6: the phone number +1***0150 is that of 3 people already",
        (
            "resetline: nothing was imported, because 2 of 5 rows are no good: correct them, "
            "or leave them out with --skip-bad-rows"
        ),
    ]
    assert terminal.stored(Person) == []


def test_how_many_may_share_is_for_the_policy_to_say(terminal: Terminal) -> None:
    terminal.run("policy", "set", "northwind", "people_per_number=5")
    assert "5 added" in terminal.imported(shared_by(5), "--trust-phones")


def test_numbers_that_nobody_vouches_for_may_be_the_same(terminal: Terminal) -> None:
    assert "5 added" in terminal.imported(shared_by(5))


@pytest.mark.parametrize("named", ["mia.keller", "new.colleague"])
def test_a_number_of_a_country_that_is_not_let_in_is_not_taken(
    terminal: Terminal, named: str
) -> None:
    terminal.run("policy", "set", "northwind", "countries=US")
    terminal.imported(PEOPLE, "--trust-phones")
    file = BRITISH.replace("mia.keller", named)
    result = again(terminal, file, "--trust-phones", "--skip-bad-rows")
    assert result.stderr.splitlines()[0] == (
        "line 2: the phone number +44***3456 is a number of GB, "
        "and the policy countries lets in US only"
    )
    person = terminal.people()[named]
    assert person["display_name"] == "Mia K."
    numbers = [(each["number"], each["verified"]) for each in person["phones"]]
    assert numbers == ([("+1***0111", True)] if named == "mia.keller" else [])


def test_where_no_list_was_made_who_vouches_decides(terminal: Terminal) -> None:
    """Colleagues across a border are nothing strange, and nothing that scripts relied on breaks."""
    terminal.imported(BRITISH, "--trust-phones")
    assert terminal.phone_of("mia.keller")["verified"]


def test_which_countries_are_let_in_is_for_the_policy_to_say(terminal: Terminal) -> None:
    terminal.run("policy", "set", "northwind", "countries=US,GB")
    terminal.imported(BRITISH, "--trust-phones")
    assert terminal.phone_of("mia.keller")["verified"]
    terminal.run("policy", "set", "northwind", "countries=US")
    assert "1 unchanged" in terminal.imported(BRITISH, "--trust-phones")
    assert terminal.phone_of("mia.keller")["verified"], "who could text goes on"
