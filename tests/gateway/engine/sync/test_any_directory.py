"""Whatever becomes of a directory from one run to the next, the records end up telling the same."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as some

from directory.errors import Refusal
from directory.people import BadEntry, DirectoryPerson, Listed
from tests.databases import fresh_sqlite
from tests.gateway.engine.sync.conftest import Office, account
from tests.world import World

MEMORY = Path("/dev/shm")  # noqa: S108  (what is written need not outlive the test)
NAMES = ("mia.keller", "Mia.Keller", "sam.ortiz", "ana", "bo", "cy")
GUIDS = tuple(UUID(int=number) for number in range(1, 6))
PHONES = ("+14155550111", "(415) 555-0172", "+49 30 901820", "ask", "+14155550173")

accounts = some.builds(
    lambda guid, name, phones, inactive, ineligible: account(
        name, guid=guid, phones=tuple(phones), inactive=inactive, ineligible=ineligible
    ),
    some.sampled_from(GUIDS),
    some.sampled_from(NAMES),
    some.lists(some.sampled_from(PHONES), max_size=2),
    some.sampled_from([None, None, Refusal.DISABLED, Refusal.EXPIRED]),
    some.sampled_from([None, None, None, Refusal.PROTECTED]),
)
bad = some.builds(BadEntry, some.just("odd"), some.sampled_from([None, *GUIDS]))
listings = some.lists(
    some.one_of(accounts, accounts, accounts, bad),
    min_size=1,
    max_size=6,
    unique_by=(lambda each: each.guid, lambda each: each.username.casefold() or each.guid),
)
runs = some.lists(some.tuples(listings, some.booleans()), min_size=1, max_size=4)


@given(runs=runs)
@settings(max_examples=25)
def test_the_records_follow_any_directory(runs: list[tuple[list[Listed], bool]]) -> None:
    with _office() as office:
        ever: set[UUID] = set()
        for listing, trusted in runs:
            office.lists(*listing)
            before = _ids(office)
            office.sync(allows_many=True, trust_phones=trusted)
            ever |= _in_step(office)
            _tells_the_same(office, listing, ever)
            assert before <= _ids(office), "nobody is ever forgotten"
            with office.watched() as written:
                office.sync(allows_many=True, trust_phones=trusted)
            assert written == []


def _tells_the_same(office: Office, listing: list[Listed], ever: set[UUID]) -> None:
    people = {person.account_guid: person for person in office.people().values()}
    listed = {each.guid: each for each in listing}
    for guid, entry in listed.items():
        if not isinstance(entry, DirectoryPerson):
            continue
        if entry.guid in people:
            assert people[entry.guid].username == entry.username
            assert (people[entry.guid].suspended_at is None) is (entry.inactive is None)
        else:
            assert entry.inactive or entry.ineligible, f"{guid} is missing"
    for guid in ever - listed.keys():
        assert people[guid].suspended_at is not None


def _in_step(office: Office) -> set[UUID]:
    people = office.people().values()
    return {each.account_guid for each in people if each.account_guid and each.synced_at}


def _ids(office: Office) -> set[int]:
    return {person.id for person in office.people().values()}


@contextmanager
def _office() -> Iterator[Office]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        world = World(fresh_sqlite(Path(folder)))
        yield Office(world)
        world.close()
