"""`people sync` as an operator types it, on a directory that is asked over LDAP and TLS."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.engine.sync.run import PORTION
from gateway.records import Mail, Person, Sync
from gateway.records.database import Database
from gateway.records.syncs import take_sync
from simulator.active_directory import Kind
from tests.directory.simulated import SERVICE_PASSWORD, Simulation
from tests.gateway.cli.conftest import Terminal

SYNC = ("people", "sync", "northwind")
DISABLED = 0x202


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    simulated = Simulation()
    with simulated.server:
        yield simulated


@pytest.fixture
def office(terminal: Terminal, simulation: Simulation) -> Simulation:
    """Northwind's directory is known, and has three people."""
    reach(terminal, simulation)
    for name, mobile in (("mia", "+1 415 555 0111"), ("sam", "(415) 555-0112"), ("lea", "n/a")):
        simulation.add_user(name, mobile=mobile, mail=f"{name}@northwind.example")
    return simulation


def reach(terminal: Terminal, directory: Any, base_dn: str = "") -> None:
    settings = directory.settings()
    terminal.run(
        *("directory", "set", "northwind", "--url", settings.urls[0]),
        *("--base-dn", base_dn or settings.base_dn, "--bind-dn", settings.bind_dn),
        *("--ca-file", terminal.file("ca.pem", settings.ca_pem)),
        *("--bind-password-file", terminal.file("bind", settings.bind_password.get_secret_value())),
    )


def guid(simulation: Simulation, username: str) -> UUID:
    return simulation.domain.user(username).guid


def test_people_come_from_the_directory(terminal: Terminal, office: Simulation) -> None:
    result = terminal.enter(*SYNC)
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "Synchronized northwind: 3 listed, 3 added, 0 changed, 0 unchanged, 0 suspended, "
        "0 unsuspended, 0 left out, 0 bad.\n"
    )
    assert result.stderr.splitlines() == [
        "lea: the number cannot be used: it is not a phone number",
        (
            "Nobody can text from 2 of the numbers yet, as they are not verified: people prove "
            "theirs on the activation page, or --trust-phones takes them as verified."
        ),
    ]
    assert terminal.phone_of("mia")["number"] == "+1***0111"
    assert terminal.events()[-1] == "people:synced"


def test_again_nothing_is_changed(terminal: Terminal, office: Simulation) -> None:
    terminal.run(*SYNC)
    before = terminal.people()
    assert "0 added, 0 changed, 3 unchanged" in terminal.run(*SYNC)
    assert terminal.people() == before


def test_what_is_said_once_is_meant_until_something_else_is_said(
    terminal: Terminal, office: Simulation
) -> None:
    unit = office.add_container()
    office.add_user("ana", parent=unit, pager="+14155550171")
    group = office.add_group("Sales", members=[office.dn(guid(office, "ana"))])
    said = ("--ou", unit, "--group", group, "--phone-attribute", "pager", "--trust-phones")
    assert "1 added" in terminal.run(*SYNC, *said, "--self-serve")
    assert terminal.phone_of("ana")["verified"]
    assert "1 unchanged" in terminal.run(*SYNC)
    shown = terminal.json(*SYNC, "--show", "--json")
    assert {name: shown[name] for name in ("places", "groups", "phone_attributes")} == {
        "places": [unit],
        "groups": [group],
        "phone_attributes": ["pager"],
    }
    assert (shown["trust_phones"], shown["self_serve"]) == (True, True)
    terminal.run(*SYNC, "--no-self-serve", "--everybody", "--phone-attribute", "mobile")
    shown = terminal.json(*SYNC, "--show", "--json")
    assert (shown["trust_phones"], shown["self_serve"]) == (True, False)
    assert (shown["places"], shown["groups"], shown["phone_attributes"]) == ([], [], ["mobile"])
    assert set(terminal.people()) == {"ana", "mia", "sam", "lea"}


def test_a_story_of_people_coming_and_going(terminal: Terminal, office: Simulation) -> None:
    terminal.run(*SYNC, "--trust-phones")
    mia, sam, lea = (guid(office, name) for name in ("mia", "sam", "lea"))
    office.set(mia, sAMAccountName="mia.bauer", displayName="Mia Bauer")
    office.move(mia, office.add_container())
    office.set(sam, userAccountControl=DISABLED)
    office.delete(lea)
    said = terminal.run(*SYNC)
    assert "2 listed, 0 added, 1 changed (1 renamed), 1 unchanged, 2 suspended" in said
    assert "Suspended: sam, lea." in said
    assert terminal.phone_of("mia.bauer") == {
        "number": "+1***0111",
        "verified": True,
        "opted_out": False,
    }
    people = {person.username: person for person in terminal.stored(Person)}
    assert {name: person.suspended_for for name, person in people.items()} == {
        "mia.bauer": "",
        "sam": "disabled",
        "lea": "gone",
    }
    office.set(sam, userAccountControl=0x200)
    assert "1 unsuspended" in terminal.run(*SYNC)


def test_a_dry_run_changes_nothing_and_keeps_nothing(
    terminal: Terminal, office: Simulation
) -> None:
    said = terminal.run(*SYNC, "--dry-run", "--trust-phones", "--every", "60")
    assert said.startswith("Nothing was changed in northwind; it would be: 3 listed, 3 added")
    assert terminal.stored(Person) == []
    assert terminal.stored(Sync) == []
    assert "never synchronized" in terminal.refused(*SYNC, "--show")


def test_counts_and_problems_are_told_to_programs(terminal: Terminal, office: Simulation) -> None:
    office.set(guid(office, "sam"), userAccountControl=DISABLED)
    told = terminal.json(*SYNC, "--json")
    assert told == {
        "listed": 3,
        "added": 2,
        "invited": 0,
        "changed": 0,
        "renamed": 0,
        "unchanged": 0,
        "suspended": 0,
        "unsuspended": 0,
        "left_out": 1,
        "bad": 0,
        "unusable_numbers": 1,
        "without_number": 0,
        "not_verified": 1,
        "left_out_for": {"disabled": 1},
        "would_suspend": 0,
        "suspended_people": [],
        "problems": [
            {
                "username": "lea",
                "reason": "the number cannot be used: it is not a phone number",
            }
        ],
        "untold_problems": 0,
    }


def test_a_bad_entry_is_told_and_is_no_failure(terminal: Terminal, office: Simulation) -> None:
    office.entry(guid(office, "sam")).put("displayName", b"S\xffm \x1b[2J")
    result = terminal.enter(*SYNC)
    assert result.exit_code == 0
    assert "2 added" in result.stdout
    assert "1 bad" in result.stdout
    assert "sam: displayName is not text" in result.stderr.splitlines()


def test_where_numbers_are_nowhere_to_be_found_is_said(
    terminal: Terminal, office: Simulation
) -> None:
    result = terminal.enter(*SYNC, "--phone-attribute", "pager", "--phone-attribute", "homePhone")
    assert result.stderr.splitlines()[-1] == (
        "Nobody has a number in pager or homePhone: name where they are with --phone-attribute."
    )


def test_many_suspensions_are_refused_until_they_are_allowed(
    terminal: Terminal, office: Simulation
) -> None:
    users = [office.add_user(f"user{number:02}") for number in range(20)]
    terminal.run(*SYNC)
    for user in users[:12]:
        office.set(user, userAccountControl=DISABLED)
    result = terminal.enter(*SYNC)
    assert result.exit_code == 1
    assert "0 suspended" in result.stdout
    assert "To suspend: user00, user01" in result.stdout
    assert result.stderr.splitlines()[-1] == (
        "resetline: northwind: nobody was suspended, because 12 of 23 people would be: look into "
        "why, and say --allow-mass-suspension if it is right"
    )
    assert "nobody was suspended" in terminal.run(*SYNC, "--show")
    looked = terminal.enter(*SYNC, "--dry-run")
    assert looked.exit_code == 1
    assert "12 suspended" in terminal.run(*SYNC, "--allow-mass-suspension")
    assert "12 suspended" not in terminal.run(*SYNC)


def test_a_schedule_is_kept_shown_and_ended(terminal: Terminal, office: Simulation) -> None:
    terminal.run(*SYNC, "--every", "60")
    (kept,) = terminal.stored(Sync)
    assert kept.every_minutes == 60
    assert kept.due_at == kept.ring_at
    assert kept.due_at is not None
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    assert abs(kept.due_at - in_an_hour) < timedelta(minutes=1)
    assert "every minutes    60" in terminal.run(*SYNC, "--show")
    terminal.run(*SYNC)
    assert terminal.stored(Sync)[0].every_minutes == 60
    searches = office.server.count(Kind.SEARCH)
    said = terminal.run(*SYNC, "--every", "off")
    assert said == "northwind is not synchronized by itself any more.\n"
    assert office.server.count(Kind.SEARCH) == searches, "whoever ends it wants no run"
    (kept,) = terminal.stored(Sync)
    assert (kept.every_minutes, kept.due_at, kept.ring_at) == (None, None, None)


@pytest.mark.parametrize("every", ["4", "10081", "hourly", "-5", "1e3"])
def test_a_schedule_that_makes_no_sense_is_refused(
    terminal: Terminal, office: Simulation, every: str
) -> None:
    said = terminal.refused(*SYNC, "--every", every, status=2)
    assert "neither off nor a number of minutes from 5 to 10080" in said


def test_a_source_that_makes_no_sense_is_refused_and_not_kept(
    terminal: Terminal, office: Simulation
) -> None:
    for words, said in (
        (("--ou", office.elsewhere_dn), "does not lie below the base DN"),
        (("--group", "Sales"), "'Sales' is not a distinguished name: nothing was changed"),
        (("--phone-attribute", "mobile phone"), "'mobile phone' is not the name of an attribute"),
    ):
        assert said in terminal.refused(*SYNC, *words)
    assert terminal.stored(Sync) == []


def test_a_directory_that_cannot_be_asked_is_said_in_a_sentence(
    terminal: Terminal, office: Simulation
) -> None:
    terminal.run(*SYNC)
    missing = f"OU=Gone,{office.staff_dn}"
    said = terminal.refused(*SYNC, "--ou", missing)
    assert said == (
        f"resetline: there is no {missing}, or we may not see it (nobody was suspended)"
    )
    assert missing in terminal.run(*SYNC, "--show")
    office.server.faults.refuse_connections()
    assert "nobody was suspended" in terminal.refused(*SYNC, "--everybody")


def test_a_place_where_nobody_is_suspends_nobody(terminal: Terminal, office: Simulation) -> None:
    terminal.run(*SYNC)
    said = terminal.refused(*SYNC, "--ou", office.add_container())
    assert "the directory lists nobody there: nothing was changed" in said
    assert all(person.suspended_at is None for person in terminal.stored(Person))


def test_an_organization_without_a_directory_is_told_what_to_do(terminal: Terminal) -> None:
    said = terminal.refused(*SYNC)
    assert said == (
        "resetline: northwind has no directory yet: say how it is reached with "
        "`resetline directory set`"
    )


def test_two_do_not_run_at_once(terminal: Terminal, office: Simulation) -> None:
    terminal.run(*SYNC)
    database = Database(terminal.database_url)
    with database.transaction() as session:
        assert take_sync(session, 1, datetime.now(UTC), timedelta(minutes=2))
    database.close()
    said = terminal.refused(*SYNC, "--trust-phones")
    assert "is being synchronized just now: nothing was changed" in said
    assert not terminal.json(*SYNC, "--show", "--json")["trust_phones"]


def test_numbers_are_in_no_output_and_not_readable_in_the_database(
    terminal: Terminal, office: Simulation
) -> None:
    office.add_user("bad", mobile="+49 30 901820", otherMobile="0123 456")
    results = [
        terminal.enter(*words)
        for words in (
            [*SYNC, "--dry-run"],
            [*SYNC, "--trust-phones"],
            [*SYNC, "--json"],
            [*SYNC, "--show"],
            ["--debug", *SYNC],
            ["audit", "export"],
        )
    ]
    output = "".join(result.output + result.stderr for result in results)
    for secret in ("5550111", "415 555 0111", "+49 30 9", "0123 456", SERVICE_PASSWORD):
        assert secret not in output
        assert secret.encode() not in terminal.everything_stored()


def test_the_operators_check_tells_whether_people_can_be_listed(
    terminal: Terminal, office: Simulation
) -> None:
    checks = terminal.json("directory", "test", "northwind", "--json")
    (check,) = [each for each in checks if each["name"] == "people"]
    assert (check["ok"], check["detail"]) == (True, "3 can be listed")


def test_a_bar_shows_on_a_terminal_how_it_goes_on(terminal: Terminal, office: Simulation) -> None:
    """Also the first time, when nobody knows how many there will be."""
    for number in range(PORTION):
        office.add_user(f"user{number}")
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [str(Path(sys.executable).with_name("resetline")), *SYNC],
        cwd=terminal.folder,
        env={**os.environ, **terminal.environment},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    assert running.wait(30) == 0
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "Synchronizing" in shown
    assert re.search(rf"\]  {PORTION}\b", shown)


def test_whoever_is_new_is_invited_where_that_was_said_once(
    terminal: Terminal, office: Simulation
) -> None:
    """Those who join later too, and nobody twice."""
    assert "SMTP_URL" in terminal.refused(*SYNC, "--invite")
    assert terminal.people() == {}
    terminal.environment["SMTP_URL"] = "smtp://127.0.0.1:1"
    assert "3 added (3 invited)" in terminal.run(*SYNC, "--invite", "--dry-run")
    assert terminal.stored(Mail) == []
    assert "3 added (3 invited)" in terminal.run(*SYNC, "--invite")
    office.add_user("new", mobile="+1 415 555 0114", mail="new@northwind.example")
    office.add_user("nomail", mobile="+1 415 555 0115")
    assert "2 added (1 invited)" in terminal.run(*SYNC)
    templates = [mail.template for mail in terminal.stored(Mail)]
    assert templates == ["activation"] * 4
    statuses = {name: person["status"] for name, person in terminal.people().items()}
    assert statuses == {
        **dict.fromkeys(("lea", "mia", "new", "sam"), "invited"),
        "nomail": "imported",
    }


def test_whose_number_is_vouched_for_needs_no_invitation(
    terminal: Terminal, office: Simulation
) -> None:
    terminal.environment["SMTP_URL"] = "smtp://127.0.0.1:1"
    assert "3 added (1 invited)" in terminal.run(*SYNC, "--invite", "--trust-phones")
    people = terminal.people()
    assert {name for name, each in people.items() if each["invited_at"]} == {"lea"}


def test_what_it_does_is_audited_by_whom(terminal: Terminal, office: Simulation) -> None:
    terminal.run(*SYNC, "--trust-phones")
    events = [json.loads(line) for line in terminal.run("audit", "export").splitlines()]
    assert [(each["event"], each["mode"], each["reason"]) for each in events[-3:]] == [
        ("phone:verified", "cli", "sync"),
        ("phone:verified", "cli", "sync"),
        ("people:synced", "cli", "added=3 changed=0 suspended=0 back=0 bad=0"),
    ]
