"""`resetline policy`: shown with their sources, set together or not at all, and audited."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.policy import RULES
from gateway.records.policies import PolicyValue
from tests.gateway.cli.conftest import PEOPLE, Terminal

VIPS = "CN=VIPs,OU=Groups,DC=corp,DC=example"


def shown(terminal: Terminal, *words: str) -> dict[str, dict[str, Any]]:
    rows = terminal.json("policy", "show", *words, "--json")
    return {row["policy"]: row for row in rows}


def where(terminal: Terminal, name: str, *words: str) -> tuple[str, str]:
    row = shown(terminal, *words)[name]
    return row["value"], row["from"]


def audited(terminal: Terminal) -> list[str]:
    events = [json.loads(line) for line in terminal.run("audit", "export").splitlines()]
    return [each["reason"] for each in events if each["event"] == "policy:set"]


def test_all_policies_are_shown_with_their_value_and_source(terminal: Terminal) -> None:
    rows = shown(terminal, "northwind")
    assert list(rows) == list(RULES)
    assert rows["one_time_minutes"] == {
        "policy": "one_time_minutes",
        "value": "30",
        "from": "default",
        "overrides_below": False,
        "about": "how long a one-time password works that has to be changed",
    }
    table = terminal.run("policy", "show", "northwind").splitlines()
    assert table[0].split() == ["policy", "value", "from", "about"]
    assert len(table) == len(RULES) + 1


def test_a_value_is_set_for_a_tenant_an_organization_or_a_person(terminal: Terminal) -> None:
    terminal.imported(PEOPLE)
    terminal.run("policy", "set", "--tenant", "msp", "one_time_minutes=10")
    assert where(terminal, "one_time_minutes", "northwind") == ("10", "tenant")
    terminal.run("policy", "set", "northwind", "one_time_minutes=20", "unlock_by_sms=OFF")
    assert where(terminal, "one_time_minutes", "northwind") == ("20", "organization")
    assert where(terminal, "unlock_by_sms", "northwind") == ("off", "organization")
    terminal.run("policy", "set", "northwind", "one_time_minutes=40", "--person", "mia.keller")
    mia, sam = ("northwind", "--person", "mia.keller"), ("northwind", "--person", "sam.ortiz")
    assert where(terminal, "one_time_minutes", *mia) == ("40", "person")
    assert where(terminal, "one_time_minutes", *sam) == ("20", "organization")
    assert where(terminal, "one_time_minutes", "--tenant", "msp") == ("10", "tenant")


def test_what_was_set_can_be_taken_back(terminal: Terminal) -> None:
    terminal.run("policy", "set", "--tenant", "msp", "link_hours=12")
    terminal.run("policy", "set", "northwind", "link_hours=48")
    assert terminal.run("policy", "unset", "northwind", "link_hours") == "Changed link_hours.\n"
    assert where(terminal, "link_hours", "northwind") == ("12", "tenant")
    assert "Nothing to change" in terminal.run("policy", "unset", "northwind", "link_hours")
    terminal.run("policy", "unset", "--tenant", "msp", "link_hours")
    assert where(terminal, "link_hours", "northwind") == ("24", "default")


def test_a_tenants_off_has_the_last_word_and_that_is_said(terminal: Terminal) -> None:
    terminal.run("policy", "set", "northwind", "reset_by_sms=on")
    terminal.run("policy", "set", "--tenant", "msp", "reset_by_sms=off")
    row = shown(terminal, "northwind")["reset_by_sms"]
    assert (row["value"], row["from"], row["overrides_below"]) == ("off", "tenant", True)
    assert "tenant, whatever is set below" in terminal.run("policy", "show", "northwind")
    result = terminal.enter("policy", "set", "northwind", "reset_by_sms=on")
    assert "the tenant has turned reset_by_sms off, so it stays off" in result.stderr


def test_a_persons_own_switch_is_shown_as_their_policy(terminal: Terminal) -> None:
    terminal.imported(PEOPLE)
    sam = ("northwind", "--person", "sam.ortiz")
    assert where(terminal, "self_serve", *sam) == ("off", "person")
    assert where(terminal, "self_serve", "northwind", "--person", "mia.keller")[0] == "on"
    terminal.run("policy", "set", "northwind", "self_serve=off")
    assert where(terminal, "self_serve", *sam) == ("off", "organization")


def test_every_change_is_audited_with_the_old_value_and_the_new(terminal: Terminal) -> None:
    terminal.imported(PEOPLE)
    terminal.run("policy", "set", "--tenant", "msp", "self_serve=on")
    terminal.run("policy", "set", "northwind", "link_hours=48", "must_change=off")
    terminal.run("policy", "set", "northwind", "link_hours=12", "must_change=off")
    terminal.run("policy", "unset", "northwind", "link_hours")
    terminal.run("policy", "set", "northwind", "--person", "mia.keller", "password_words=4")
    assert audited(terminal) == [
        "tenant self_serve: unset -> on",
        "organization link_hours: unset -> 48",
        "organization must_change: unset -> off",
        "organization link_hours: 48 -> 12",
        "organization link_hours: 12 -> unset",
        "person password_words: unset -> 4",
    ]
    last = json.loads(terminal.run("audit", "export").splitlines()[-1])
    assert (last["mode"], last["person_id"]) == ("cli", 1)


@pytest.mark.parametrize(
    "pair",
    [
        f"protected_groups={VIPS};{VIPS}x;{VIPS}y",
        "countries=US,CA,GB,DE,FR,IT,NL,BE,LU,AT,CH",
        "hold_after_phone_change_hours=720",
    ],
)
def test_no_change_is_too_long_for_the_audit(terminal: Terminal, pair: str) -> None:
    terminal.run("policy", "set", "northwind", pair)
    terminal.run("policy", "unset", "northwind", pair.partition("=")[0])
    reasons = audited(terminal)
    assert reasons[0].startswith(f"organization {pair.partition('=')[0]}: unset -> ")
    assert max(map(len, reasons)) <= 60


def test_protected_groups_are_to_be_tried(terminal: Terminal) -> None:
    said = terminal.run("policy", "set", "northwind", f"protected_groups={VIPS}")
    assert "resetline directory test northwind" in said


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["northwind", "reset_sms=on"], 2, "did you mean reset_by_sms"),
        (["northwind", "must_change=perhaps"], 2, "must_change cannot be 'perhaps': use on or off"),
        (["northwind", "must_change"], 2, "say what must_change is to be: must_change=VALUE"),
        (["northwind", "must_change=on", "must_change=off"], 2, "must_change is given twice"),
        (["northwind"], 2, "name an organization and one or more policies, of self_serve"),
        ([], 2, "name an organization and one or more policies"),
        (["must_change=on"], 2, "name the organization before 'must_change=on'"),
        (["--tenant", "msp", "northwind", "must_change=on"], 2, "there is no policy 'northwind'"),
        (["--tenant", "mps", "must_change=on"], 1, "there is no tenant 'mps': did you mean msp?"),
        (["--tenant", "msp", "--person", "x", "must_change=on"], 2, "name an organization (and"),
        (["northwnd", "must_change=on"], 1, "did you mean northwind?"),
        (["northwind", "--person", "mia.kelle", "must_change=on"], 1, "did you mean mia.keller?"),
        (["northwind", "--person", "mia.keller", "self_serve=on"], 2, "people self-serve"),
        (["northwind", "--person", "mia.keller", "countries=US"], 2, "not for person"),
        (["--tenant", "msp", f"protected_groups={VIPS}"], 2, "not for tenant"),
    ],
)
def test_what_cannot_be_set_is_said_in_a_sentence_and_nothing_is_set(
    terminal: Terminal, words: list[str], status: int, said: str
) -> None:
    terminal.imported(PEOPLE)
    assert said in terminal.refused("policy", "set", *words, status=status)
    assert terminal.stored(PolicyValue) == []


def test_all_values_are_checked_before_any_is_set(terminal: Terminal) -> None:
    terminal.refused("policy", "set", "northwind", "link_hours=12", "link_days=1", status=2)
    terminal.refused("policy", "set", "northwind", "link_hours=12", "codes_per_day=-1", status=2)
    assert terminal.stored(PolicyValue) == []


def test_an_unknown_name_cannot_be_taken_back(terminal: Terminal) -> None:
    said = terminal.refused("policy", "unset", "northwind", "self_serv", status=2)
    assert "did you mean self_serve" in said


def test_whose_policies_are_to_be_shown_has_to_be_said(terminal: Terminal) -> None:
    assert "name an organization" in terminal.refused("policy", "show", status=2)
