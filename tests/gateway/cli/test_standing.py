"""How far everybody has come is listed and filtered; help is let and stopped by hand."""

from __future__ import annotations

import json

import pytest

from gateway.records import Invitation, Person
from tests.gateway.cli.conftest import Terminal

CREW = """\
username,email,phone,self_serve
ann,ann@north.example,+14155550111,yes
ben,ben@north.example,,no
cat,,+14155550113,no
dan,dan@SOUTH.example,+14155550114,no
"""


@pytest.fixture
def crew(terminal: Terminal) -> Terminal:
    """Ann and Dan are registered; Ben has no phone and Cat no email."""
    terminal.environment["SMTP_URL"] = "smtp://127.0.0.1:1"
    terminal.imported(CREW, "--trust-phones")
    return terminal


def listed(terminal: Terminal, *options: str) -> list[str]:
    return [
        row["username"] for row in terminal.json("people", "list", "northwind", "--json", *options)
    ]


def statuses(terminal: Terminal) -> dict[str, str]:
    return {name: person["status"] for name, person in terminal.people().items()}


def helped(terminal: Terminal) -> list[str]:
    return [name for name, person in terminal.people().items() if person["self_serve"]]


def audited(terminal: Terminal) -> list[tuple[str, str, str]]:
    events = [json.loads(line) for line in terminal.run("audit", "export").splitlines()]
    return [(each["event"], each["reason"], each["mode"]) for each in events]


def test_everybody_is_listed_with_their_status_and_what_they_lack(crew: Terminal) -> None:
    people = crew.people()
    assert statuses(crew) == {
        "ann": "registered",
        "ben": "imported",
        "cat": "imported",
        "dan": "registered",
    }
    assert {name: person["missing"] for name, person in people.items()} == {
        "ann": [],
        "ben": ["phone"],
        "cat": ["email"],
        "dan": [],
    }
    assert people["ann"]["used_at"] is None


def test_an_email_is_not_waited_for_where_none_is_required(crew: Terminal) -> None:
    crew.run("policy", "set", "northwind", "email_required=off")
    assert statuses(crew)["cat"] == "registered"
    assert crew.people()["cat"]["missing"] == ["email"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--status", "registered"], ["ann", "dan"]),
        (["--status", "imported", "--status", "registered"], ["ann", "ben", "cat", "dan"]),
        (["--status", "frozen"], []),
        (["--missing", "email"], ["cat"]),
        (["--missing", "email", "--missing", "phone"], ["ben", "cat"]),
        (["--self-serve", "on"], ["ann"]),
        (["--self-serve", "off"], ["ben", "cat", "dan"]),
        (["--email-domain", "south.example"], ["dan"]),
        (["--email-domain", "@NORTH.example"], ["ann", "ben"]),
        (["--email-domain", "north.example", "--status", "registered"], ["ann"]),
        (["--email-domain", "example"], []),
    ],
)
def test_the_list_can_be_filtered(crew: Terminal, options: list[str], names: list[str]) -> None:
    assert listed(crew, *options) == names


def test_a_filter_that_takes_nobody_says_so(crew: Terminal) -> None:
    assert crew.run("people", "list", "northwind", "--status", "frozen") == (
        "There is nobody like that.\n"
    )
    assert crew.json("people", "list", "northwind", "--status", "frozen", "--json") == []


def test_a_status_that_there_is_not_names_those_that_there_are(crew: Terminal) -> None:
    said = crew.refused("people", "list", "northwind", "--status", "enrolled", status=2)
    assert "'imported', 'invited', 'registered', 'active', 'suspended'" in said


def test_the_table_says_what_stands_in_somebodys_way(crew: Terminal) -> None:
    crew.run("people", "suspend", "northwind", "ann")
    crew.run("people", "freeze", "northwind", "ben")
    crew.sql("UPDATE people SET reset_held_until = '2099-12-31 17:00:00' WHERE username = 'dan'")
    crew.sql("UPDATE people SET mail_problem = 'refused_550' WHERE username = 'dan'")
    header, *rows = crew.run("people", "list", "northwind").splitlines()
    assert header.split("  ")[0] == "username"
    ann, ben, _cat, dan = rows
    assert ann.endswith("suspended by an operator")
    assert "frozen since 20" in ben
    assert dan.endswith("RESET waits until 2099-12-31 17:00 UTC, mail failed: refused_550")


def test_whom_the_directory_has_suspended_is_said(crew: Terminal) -> None:
    crew.sql("UPDATE people SET suspended_at = '2026-03-02 00:00:00', suspended_for = 'gone'")
    crew.sql("UPDATE people SET suspended_for = 'disabled' WHERE username = 'ben'")
    ann, ben, *_ = crew.run("people", "list", "northwind").splitlines()[1:]
    assert ann.endswith("gone from the directory")
    assert ben.endswith("disabled in the directory")
    assert set(statuses(crew).values()) == {"suspended"}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["--status", "registered"], ["ann", "dan"]),
        (["--missing", "phone"], ["ann", "ben"]),
        (["--email-domain", "south.example"], ["ann", "dan"]),
        (["--email-domain", "south.example", "--email-domain", "north.example"], [*"abd"]),
        (["--status", "imported", "--email-domain", "north.example"], ["ann", "ben"]),
        (["--all"], [*"abcd"]),
        (["ben", "BEN", "cat"], [*"abc"]),
    ],
)
def test_self_service_is_switched_for_whom_a_filter_takes(
    crew: Terminal, words: list[str], names: list[str]
) -> None:
    assert helped(crew) == ["ann"]
    before = audited(crew)
    would = crew.run("people", "self-serve", "northwind", "on", *words, "--dry-run")
    assert helped(crew) == ["ann"]
    assert audited(crew) == before
    did = crew.run("people", "self-serve", "northwind", "on", *words)
    assert [name[0] for name in helped(crew)] == [name[0] for name in names]
    count = len(names) - 1
    people = "1 person" if count == 1 else f"{count} people"
    assert did == f"Switched self-service on for {people}.\n"
    *shown, last = would.splitlines()
    assert [name[0] for name in shown] == [name[0] for name in names if name[0] != "a"]
    assert last == f"Would switch self-service on for {people}."
    assert audited(crew)[len(before) :] == [("person:self_serve:on", "", "cli")] * count


def test_a_filter_may_take_nobody(crew: Terminal) -> None:
    said = crew.run("people", "self-serve", "northwind", "off", "--status", "opted_out")
    assert said == "Switched self-service off for 0 people.\n"


@pytest.mark.parametrize(
    "words",
    [[], ["--all", "ben"], ["--all", "--status", "active"], ["ben", "--missing", "email"]],
)
def test_whom_it_is_about_is_said_in_one_way(crew: Terminal, words: list[str]) -> None:
    said = crew.refused("people", "self-serve", "northwind", "on", *words, status=2)
    assert "name the people by their usernames, or give a filter, or say --all" in said
    assert helped(crew) == ["ann"]


def test_who_is_suspended_is_not_helped_until_they_are_let_in_again(crew: Terminal) -> None:
    assert crew.run("people", "suspend", "northwind", "ANN", "ann", "dan") == (
        "Suspended 2 people.\n"
    )
    assert statuses(crew)["ann"] == "suspended"
    assert crew.people()["ann"]["suspended_for"] == "operator"
    assert crew.run("people", "suspend", "northwind", "ann") == "Suspended 0 people.\n"
    result = crew.enter("people", "unsuspend", "northwind", "ann", "ben")
    assert (result.stdout, result.stderr) == ("Let 1 person in again.\n", "")
    assert statuses(crew)["ann"] == "registered"
    assert audited(crew)[-3:] == [
        ("person:suspended", "operator", "cli"),
        ("person:suspended", "operator", "cli"),
        ("person:unsuspended", "operator", "cli"),
    ]


def test_a_link_of_who_is_suspended_works_no_more(crew: Terminal) -> None:
    crew.run("people", "invite", "northwind", "ben")
    assert statuses(crew)["ben"] == "invited"
    crew.run("people", "suspend", "northwind", "ben")
    [invitation] = crew.stored(Invitation)
    assert invitation.ended_for == "suspended"


def test_an_operator_has_the_last_word_over_the_directory(crew: Terminal) -> None:
    crew.sql("UPDATE people SET suspended_at = '2026-03-02 00:00:00', suspended_for = 'disabled'")
    assert crew.run("people", "suspend", "northwind", "ann") == "Suspended 1 person.\n"
    assert crew.people()["ann"]["suspended_for"] == "operator"
    result = crew.enter("people", "unsuspend", "northwind", "dan")
    assert "the next synchronization suspends them" in result.stderr
    assert statuses(crew)["dan"] == "registered"


def test_who_is_frozen_is_not_helped_until_they_are_unfrozen(crew: Terminal) -> None:
    assert crew.run("people", "freeze", "northwind", "ann") == "Froze 1 person.\n"
    assert crew.run("people", "freeze", "northwind", "ann") == "Froze 0 people.\n"
    assert statuses(crew)["ann"] == "frozen"
    assert crew.run("people", "unfreeze", "northwind", "ann", "ben") == "Unfroze 1 person.\n"
    assert statuses(crew)["ann"] == "registered"
    assert [event for event, _, _ in audited(crew)[-2:]] == ["person:frozen", "person:unfrozen"]


@pytest.mark.parametrize("command", ["suspend", "unsuspend", "freeze", "unfreeze"])
def test_one_name_that_nobody_has_stops_all_of_it(crew: Terminal, command: str) -> None:
    before = [(person.suspended_at, person.frozen_at) for person in crew.stored(Person)]
    said = crew.refused("people", command, "northwind", "ann", "benn")
    assert "there is no person 'benn': did you mean ben?" in said
    assert [(each.suspended_at, each.frozen_at) for each in crew.stored(Person)] == before
    crew.refused("people", command, "northwind", status=2)
