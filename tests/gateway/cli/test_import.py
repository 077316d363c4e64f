"""An import of people: whole or not at all, and what it says is all that it changes."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from gateway.records import OutboundMessage, Person, Phone
from gateway.seal import Seal, new_key
from tests.gateway.cli.conftest import PEOPLE, Terminal

MIAS, ANOTHER = "+14155550111", "+14155550119"


def number_of(terminal: Terminal, phone: Phone) -> str:
    seal = Seal([SecretStr(terminal.environment["SECRET_KEYS"].split(",")[0])])
    return seal.unseal(phone.sealed_number).get_secret_value()


def test_people_are_imported_with_what_the_file_says(terminal: Terminal) -> None:
    said = terminal.imported(PEOPLE, "--trust-phones")
    assert said == "Imported into northwind: 2 added, 0 changed, 0 unchanged, 0 skipped."
    mia, sam = terminal.stored(Person)
    assert (mia.username, mia.email, mia.display_name) == (
        "mia.keller",
        "mia@northwind.example",
        "Mia Keller",
    )
    assert (mia.language, mia.self_serve, sam.language, sam.self_serve) == ("en", True, "", False)
    first, second = terminal.stored(Phone)
    assert number_of(terminal, first) == "+14155550111"
    assert first.verified_at
    assert first.verified_by == "import"
    assert number_of(terminal, second) == "+14155550112"
    assert terminal.events()[-3:] == ["phone:verified", "phone:verified", "people:imported"]


def test_an_import_is_audited_with_its_counts(terminal: Terminal) -> None:
    terminal.imported(PEOPLE + "bad row\n", "--skip-bad-rows")
    event = json.loads(terminal.run("audit", "export").splitlines()[-1])
    assert event["reason"] == "added=2 changed=0 unchanged=0 skipped=1"
    assert event["mode"] == "cli"


def test_without_trust_nobody_can_text_from_an_imported_number(terminal: Terminal) -> None:
    file = terminal.file("people.csv", PEOPLE)
    result = terminal.enter("people", "import", "northwind", file)
    assert "Nobody can text from 2 of the numbers yet" in result.stderr
    assert all(phone.verified_at is None for phone in terminal.stored(Phone))


def test_numbers_are_not_readable_in_the_database_nor_in_any_output(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    outputs = [
        terminal.run(*words)
        for words in (
            ["people", "list", "northwind"],
            ["people", "list", "northwind", "--json"],
            ["audit", "export"],
        )
    ]
    for secret in ("4155550111", "5550111"):
        assert secret not in "".join(outputs)
        assert secret.encode() not in terminal.everything_stored()
    assert "+1***0111" in outputs[0]


BAD = """\
username,phone,email
good,+14155550111,
,+14155550112,
bad.phone,+1415555,
good,+14155550113,
bad.mail,,nobody
"""


def test_a_bad_row_stops_the_whole_import_and_every_one_is_named(terminal: Terminal) -> None:
    result = terminal.enter("people", "import", "northwind", terminal.file("bad.csv", BAD))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "line 3: there is no username",
        "line 4: the phone number +1…55 cannot be used: it is too short",
        "line 5: the username is on line 2 already",
        (
            "line 6: the email cannot be used: an address looks like help@example.com, "
            "in plain letters"
        ),
        (
            "resetline: nothing was imported, because 4 of 5 rows are no good: correct them, "
            "or leave them out with --skip-bad-rows"
        ),
    ]
    assert terminal.stored(Person) == []
    assert "people:imported" not in terminal.events()


def test_bad_rows_can_be_left_out_and_are_named_all_the_same(terminal: Terminal) -> None:
    file = terminal.file("bad.csv", BAD)
    result = terminal.enter("people", "import", "northwind", file, "--skip-bad-rows")
    assert result.exit_code == 0
    assert "2 added, 0 changed, 0 unchanged, 3 skipped" in result.stdout
    assert [line[:7] for line in result.stderr.splitlines()[:4]] == [
        *("line 3:", "line 4:", "line 5:", "line 6:")
    ]
    assert [person.username for person in terminal.stored(Person)] == ["good", "bad.phone"]


def test_a_dry_run_says_what_would_change_and_changes_nothing(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    before = terminal.people(), terminal.events()
    text = "username,display_name,phone\nmia.keller,Mia K.,+14155550119\nnew,New,\nsam.ortiz,,\n"
    assert terminal.imported(text, "--trust-phones", "--dry-run") == (
        "Nothing was changed in northwind; it would be: 1 added, 1 changed, 1 unchanged, 0 skipped."
    )
    assert (terminal.people(), terminal.events()) == before
    assert terminal.stored(OutboundMessage) == []


def test_a_dry_run_names_what_is_bad_and_fails_as_the_import_would(terminal: Terminal) -> None:
    said = terminal.refused("people", "import", "northwind", "-", "--dry-run", stdin=BAD)
    assert "4 of 5 rows are no good" in said


def test_a_number_that_cannot_be_used_does_not_keep_its_person_out(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    text = "username,display_name,phone\nmia.keller,Mia K.,020 7946 0123\nnew,New,none\n"
    result = terminal.enter("people", "import", "northwind", "-", "--skip-bad-rows", stdin=text)
    assert "1 added, 1 changed, 0 unchanged, 0 skipped" in result.stdout
    assert result.stderr.splitlines() == [
        "line 2: the phone number 02…23 cannot be used: it is too long",
        "line 3: the phone number cannot be used: it is not a phone number",
        "Note: 2 people came in without the number of their row, which cannot be used.",
    ]
    assert terminal.people()["mia.keller"]["display_name"] == "Mia K."
    assert terminal.phone_of("mia.keller")["number"] == "+1***0111", "she keeps hers"
    assert terminal.people()["new"]["phones"] == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"username,mobile\nx,y\n", "nothing was imported: unknown columns: mobile; there are"),
        (b"username\nm\xfcller\n", "nothing was imported: line 2 is not UTF-8"),
        (b"", "nothing was imported: the file is empty"),
    ],
)
def test_a_file_that_is_no_csv_of_people_imports_nothing(
    terminal: Terminal, content: bytes, said: str
) -> None:
    file = terminal.file("people.csv", content)
    assert said in terminal.refused("people", "import", "northwind", file)


def test_a_file_may_come_from_standard_input_and_counts_as_json(terminal: Terminal) -> None:
    shown = terminal.run("people", "import", "northwind", "-", "--json", stdin=PEOPLE)
    assert json.loads(shown) == {
        "added": 2,
        "changed": 0,
        "unchanged": 0,
        "skipped": 0,
        "bad_numbers": 0,
        "removed_numbers": 0,
        "not_verified": 2,
        "kept_proved": 0,
        "no_email": 0,
    }


def test_the_country_of_the_organization_reads_national_numbers(terminal: Terminal) -> None:
    terminal.run(
        *("organization", "add", "acme", "--tenant", "msp", "--name", "Acme", "--country", "DE")
    )
    terminal.run("people", "import", "acme", "-", stdin="username,phone\na,0151 23456789\n")
    assert number_of(terminal, terminal.stored(Phone)[0]) == "+4915123456789"


def test_the_same_file_again_changes_nothing(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    before = terminal.stored(Phone)[0].sealed_number
    assert "0 added, 0 changed, 2 unchanged" in terminal.imported(PEOPLE, "--trust-phones")
    assert terminal.stored(Phone)[0].sealed_number == before
    assert len(terminal.stored(Phone)) == 2


def test_people_are_known_by_their_username_however_it_is_written(terminal: Terminal) -> None:
    terminal.imported(PEOPLE)
    said = terminal.imported("username,display_name\nMIA.Keller,Mia K.\n")
    assert "0 added, 1 changed" in said
    mia = terminal.people()["mia.keller"]
    assert mia["display_name"] == "Mia K."
    assert len(terminal.people()) == 2


def test_what_a_file_does_not_say_stays_as_it_is(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    before = terminal.people()
    assert "2 unchanged" in terminal.imported("username,email,phone\nmia.keller,,\nsam.ortiz,,\n")
    assert terminal.people() == before


@pytest.mark.parametrize("option", [[], ["--self-serve"]])
def test_self_service_is_off_unless_the_file_or_the_command_says_so(
    terminal: Terminal, option: list[str]
) -> None:
    terminal.imported("username,self_serve\na,yes\nb,no\nc,\n", *option)
    helped = [name for name, person in terminal.people().items() if person["self_serve"]]
    assert helped == (["a", "c"] if option else ["a"])


def test_an_import_that_is_silent_about_self_service_leaves_it(terminal: Terminal) -> None:
    terminal.imported("username,self_serve\na,yes\nb,no\n")
    terminal.imported("username\na\nb\n")
    assert [person["self_serve"] for person in terminal.people().values()] == [True, False]


def test_another_number_takes_the_place_of_the_old_one(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    assert "1 changed" in terminal.imported("username,phone\nmia.keller,+14155550119\n")
    assert terminal.phone_of("mia.keller") == {
        "number": "+1***0119",
        "verified": False,
        "opted_out": False,
    }
    assert terminal.events()[-2:] == ["phone:removed", "people:imported"]


def test_a_number_is_verified_when_it_is_vouched_for_later(terminal: Terminal) -> None:
    terminal.imported(PEOPLE)
    assert "2 changed" in terminal.imported(PEOPLE, "--trust-phones")
    assert terminal.phone_of("sam.ortiz")["verified"]
    assert "2 unchanged" in terminal.imported(PEOPLE)
    assert terminal.phone_of("sam.ortiz")["verified"]


def test_a_number_that_said_stop_stays_silent_whoever_it_is_given_to(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    terminal.opts(MIAS, out=True)
    terminal.imported(f"username,phone\nnew.colleague,{MIAS}\n", "--trust-phones")
    assert terminal.phone_of("new.colleague")["opted_out"]


def test_a_stop_outlives_another_number_the_person_and_the_key(terminal: Terminal) -> None:
    """Only START lifts it: whoever is texted after a STOP is texted against their will."""
    terminal.imported(PEOPLE, "--trust-phones")
    terminal.opts(MIAS, out=True)
    terminal.run("people", "remove", "northwind", "mia.keller")
    keys = terminal.environment["SECRET_KEYS"]
    terminal.environment["SECRET_KEYS"] = f"{new_key()},{keys}"
    terminal.imported(PEOPLE, "--trust-phones")
    assert terminal.people()["mia.keller"]["status"] == "opted_out"
    terminal.imported(f"username,phone\nmia.keller,{ANOTHER}\n", "--trust-phones")
    assert terminal.people()["mia.keller"]["status"] == "registered"
    terminal.imported(PEOPLE, "--trust-phones")
    assert terminal.people()["mia.keller"]["status"] == "opted_out"
    terminal.opts(MIAS, out=False)
    assert terminal.people()["mia.keller"]["status"] == "registered"


def test_a_number_is_known_again_while_keys_are_being_changed(terminal: Terminal) -> None:
    terminal.imported(PEOPLE, "--trust-phones")
    terminal.environment["SECRET_KEYS"] = f"{new_key()},{terminal.environment['SECRET_KEYS']}"
    assert "2 unchanged" in terminal.imported(PEOPLE)


def test_texts_in_a_language_that_we_do_not_write_are_said(terminal: Terminal) -> None:
    file = terminal.file("people.csv", "username,language\na,ja\nb,en\n")
    result = terminal.enter("people", "import", "northwind", file)
    assert "some texts are not written in ja yet" in result.stderr


def test_nothing_stays_of_an_import_that_breaks_down_on_its_way(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.cli.importing.Import._record", break_down)
    file = terminal.file("people.csv", PEOPLE)
    terminal.refused("people", "import", "northwind", file)
    assert terminal.stored(Person) == []
    assert terminal.stored(Phone) == []
