"""A directory may have as many accounts as it likes: what a run holds does not grow with them."""

from __future__ import annotations

import gc
import tracemalloc
from uuid import UUID

from directory.people import DirectoryPerson
from tests.gateway.engine.sync.conftest import Office, account

FEW, MANY = 500, 2000
BYTES_FOR_EACH = 40
"""Nine for the roll, eight for the list of this test itself, and some room."""


def test_four_times_as_many_people_take_hardly_more_memory(office: Office) -> None:
    office.forget_everybody()
    office.lists(*map(person, range(FEW)))
    office.sync(trust_phones=True)
    few = peak_of_a_run(office, FEW)
    office.lists(*map(person, range(MANY)))
    office.sync(trust_phones=True)
    many = peak_of_a_run(office, MANY)
    assert many < few + (MANY - FEW) * BYTES_FOR_EACH


def peak_of_a_run(office: Office, count: int) -> int:
    """Bytes, of a run that finds nothing new; the listing itself is not counted."""
    task = office.task(trust_phones=True)
    tracemalloc.start()
    try:
        counts = office.world.syncing.carry_out(task, mode="cli", progress=tidy_up).counts
        assert (counts.listed, counts.unchanged) == (count, count)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def tidy_up(_count: int) -> None:
    """What is garbage now is not counted: when it is collected is for the interpreter to say."""
    gc.collect()


def person(number: int) -> DirectoryPerson:
    return account(
        f"user{number:05}",
        guid=UUID(int=number),
        phones=(f"+1415555{number:04}",),
        email=f"user{number}@northwind.example",
    )
