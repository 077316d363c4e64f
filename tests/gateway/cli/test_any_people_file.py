"""Whatever a file of people says, an import takes it whole or says why, and leaves nothing half."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from gateway.cli.importing import Import, Wishes
from gateway.people_import import COLUMNS, CsvInvalid, Row, read
from gateway.phones import PhoneNumber
from gateway.records import Organization, Person
from tests.databases import fresh_sqlite
from tests.world import World

MEMORY = Path("/dev/shm")  # noqa: S108  (what is written need not outlive the test)
SHARED = 3

CELLS = {
    "username": some.sampled_from(["mia.keller", "MIA.Keller", "sam.ortiz", "ana", "ß", "SS", ""]),
    "email": some.sampled_from(["", "mia@x.example", "Mia@X.EXAMPLE", "ä@x.example", "a..b@x"]),
    "phone": some.sampled_from(
        ["", "+14155550111", "(415) 555-0112 x4", "M: 415 555 0173", "+44 7400 123456", "none"]
    ),
    "display_name": some.text(max_size=8),
    "language": some.sampled_from(["", "en", "pt-BR", "english"]),
    "self_serve": some.sampled_from(["", "yes", "no", "perhaps"]),
}
cells = some.fixed_dictionaries({name: some.text(max_size=6) | CELLS[name] for name in COLUMNS})
likely = some.fixed_dictionaries(CELLS)
tables = some.lists(likely | cells, max_size=8)
wishes = some.builds(
    Wishes,
    trust_phones=some.booleans(),
    self_serve=some.booleans(),
    replace_proved=some.booleans(),
)


@given(runs=some.lists(some.tuples(tables, wishes), min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_any_table_is_taken_whole_or_refused(
    runs: list[tuple[list[dict[str, str]], Wishes]],
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        world = World(fresh_sqlite(Path(folder)))
        try:
            for table, wanted in runs:
                _import(world, table, wanted)
        finally:
            world.close()


def _import(world: World, table: Sequence[dict[str, str]], wanted: Wishes) -> None:
    try:
        rows = read(_written(table), "US").usable
    except CsvInvalid:
        return
    with world.database.transaction() as session:
        organization = session.scalars(select(Organization)).one()
        work = Import(session, world.seal, organization, wanted, world.clock())
        counts = work.run(rows)
    assert counts.added + counts.changed + counts.unchanged == len(rows)
    with world.database.reading() as session:
        _is_whole(world, session, rows)


def _written(table: Sequence[dict[str, str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *(each.values() for each in table)])
    return text.getvalue().encode(errors="ignore")


def _is_whole(world: World, session: Session, rows: Sequence[Row]) -> None:
    wanted = select(Person).options(selectinload(Person.phones))
    people = {person.username_key: person for person in session.scalars(wanted)}
    for row in rows:
        person = people[row.username.casefold()]
        assert person.email == row.email or not row.email
        assert row.self_serve in (None, person.self_serve)
    holders = Counter[str]()
    for phone in [phone for person in people.values() for phone in person.phones]:
        number = PhoneNumber(world.seal.unseal(phone.sealed_number).get_secret_value())
        assert phone.number_index == world.seal.index(number.e164)
        assert (phone.verified_at is None) is (phone.verified_by == "")
        assert number.region == "US" or phone.verified_at is None
        holders[number.e164] += phone.verified_at is not None
    assert max(holders.values(), default=0) <= SHARED
