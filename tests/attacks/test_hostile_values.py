"""Names that are meant to be read as something else: in files, texts and exports.

In LDAP: tests/directory/contract/finding.py; in mails: tests/gateway/mail/test_mail_wording.py;
on pages: tests/gateway/doors/enrolment/test_foreign_requests.py; in any event:
tests/gateway/cli/test_audit.py.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Final

import pytest
from sqlalchemy import update

from gateway.records import Person
from gateway.segments import count
from tests.gateway.cli.conftest import Terminal
from tests.gateway.engine.conversing import answer, people, share_phone
from tests.world import World

HOSTILE: Final = {
    "ldap": "x*)(uid=*",
    "nul": "x\0y",
    "script": "<script>alert(1)</script>",
    "formula": "=cmd|' /C calc'!A0",
    "lines": "x\r\nBcc: y@evil.example",
    "right to left": "x\u202egnp.exe",
    "template": "{{7*7}}{% raw %}",
    "sql": "x'; DROP TABLE people; --",
}

KEPT: Final = {name: value for name, value in HOSTILE.items() if "\0" not in value}
"""A database keeps no NUL, and the import refuses it."""

each_of_them = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())


def file_with(**values: str) -> str:
    """One row of an import."""
    row = {"username": "lee.wong", "email": "lee@northwind.example", **values}
    written = io.StringIO()
    writer = csv.DictWriter(written, list(row))
    writer.writeheader()
    writer.writerow(row)
    return written.getvalue()


@each_of_them
@pytest.mark.parametrize("column", ["username", "display_name", "email"])
def test_a_hostile_name_in_a_file_is_refused_in_words_or_kept_as_it_is(
    terminal: Terminal, column: str, value: str
) -> None:
    """Wanted: a file of people that breaks the import. Got: a row named as bad, or plain text."""
    file = file_with(**{column: value})
    result = terminal.enter("people", "import", "northwind", "-", stdin=file)
    assert "Traceback" not in result.output
    kept = [getattr(person, column) for person in terminal.stored(Person)]
    assert kept == ([" ".join(value.split())] if result.exit_code == 0 else [])
    assert (result.exit_code == 0) or "line 2" in result.output
    listed = terminal.json("people", "list", "northwind", "--json")
    assert len(listed) == len(kept)


@each_of_them
def test_a_file_with_a_hostile_phone_reaches_no_phone(terminal: Terminal, value: str) -> None:
    """Wanted: to be texted anywhere. Got: what is no number is refused and stops the import."""
    file = file_with(phone=f"+14155550111{value}")
    assert terminal.enter("people", "import", "northwind", "-", stdin=file).exit_code == 1
    assert terminal.stored(Person) == []


@pytest.mark.parametrize("value", KEPT.values(), ids=KEPT.keys())
def test_a_hostile_name_in_a_text_is_a_few_harmless_letters(
    world_anywhere: World, value: str
) -> None:
    """Wanted: a text of more lines or segments than ours. Got: one segment, one line, no markup.

    Names of accounts stand in a text where a phone has several.
    """
    world = world_anywhere
    share_phone(world, "sam.ortiz")
    with world.database.transaction() as session:
        sam = update(Person).where(Person.id == people(world)["sam.ortiz"].id)
        session.execute(sam.values(username=value, username_key=value.casefold()))
    told = answer(world, "RESET")
    assert "49" not in told
    assert len(told.splitlines()) == 1
    assert count(told).parts == 1
    assert world.mia.passwords_set == world.sam.passwords_set == []


@each_of_them
def test_texting_a_hostile_value_changes_nothing(world: World, value: str) -> None:
    """Wanted: a text that is run somewhere. Got: the answer for whatever we do not understand."""
    for body in (value, f"RESET {value}", value * 20):
        answer(world, body)
    assert world.mia.passwords_set == []
    assert set(people(world)) == {"mia.keller", "sam.ortiz"}
    assert all("evil" not in text for text in world.texts())


@each_of_them
def test_an_operators_hostile_name_is_one_row_of_the_audit(terminal: Terminal, value: str) -> None:
    """Wanted: events that nobody wrote, or a formula. Got: rows of our own words only."""
    terminal.enter("people", "import", "northwind", "-", stdin=file_with(display_name=value))
    exported = terminal.run("audit", "export", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert len(rows) == len(terminal.run("audit", "export").splitlines())
    for row in rows:
        assert not any(str(cell).startswith(("=", "+", "-", "@")) for cell in row.values())
        assert value not in json.dumps(row, ensure_ascii=False)
