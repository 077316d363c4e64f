"""Whatever somebody does by hand to sealed events is found, and named for what it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.cli.chain_faults import Fault
from tests.gateway.audit.conftest import Audited, migrated
from tests.gateway.audit.tampering import (
    EVENT_COLUMNS,
    HEAD_COLUMNS,
    change_a_byte,
    delete,
    exchange,
    insert,
    put_head_at_the_end,
)

EVENTS: Final = 7
FIELDS: Final = EVENT_COLUMNS[1:9]
places = st.integers(1, EVENTS)


@pytest.mark.parametrize(
    ("statement", "fault", "position"),
    [
        ("UPDATE audit_events SET reason = 'other' WHERE position = 3", Fault.CHANGED, 3),
        ("UPDATE audit_events SET person_id = NULL WHERE position = 1", Fault.CHANGED, 1),
        ("UPDATE audit_events SET at = '2026-03-02 09:00:03.5' WHERE position = 5", "changed", 5),
        ("UPDATE audit_events SET chain_key = 'x' WHERE position = 2", Fault.KEY_LACKING, 2),
        ("DELETE FROM audit_events WHERE position = 2", Fault.MISSING, 2),
        ("DELETE FROM audit_events WHERE position > 3", Fault.MISSING, 4),
        ("DELETE FROM audit_events WHERE position = 1", Fault.MISSING, 1),
        ("DELETE FROM audit_events", Fault.MISSING, 1),
        ("UPDATE audit_events SET position = NULL WHERE position = 4", Fault.MISSING, 4),
        ("UPDATE audit_events SET position = 0 WHERE position = 1", Fault.ADDED, 0),
        ("UPDATE audit_heads SET count = 4", Fault.HEAD, None),
        ("UPDATE audit_heads SET signature = 'ü'", Fault.HEAD, None),
        ("DELETE FROM audit_heads", Fault.HEAD, None),
        ("UPDATE audit_events SET position = 6 WHERE position = 5", Fault.MISSING, 5),
    ],
)
def test_what_was_done_is_named_with_its_place(
    audited: Audited, statement: str, fault: Fault, position: int | None
) -> None:
    audited.sql(statement)
    broken = audited.verdict().broken
    assert broken
    assert (broken.fault, broken.position) == (fault, position)


@pytest.mark.parametrize("as_text", ["replace(at, ' ', 'T')", "at || 'x'", "at || '+00'"])
def test_a_time_that_only_looks_the_same_was_changed(
    sealed: Audited, folder: Path, as_text: str
) -> None:
    """SQLite keeps times as text, and whoever reads them forgives much."""
    with copied(sealed, folder) as copy:
        copy.sql(f"UPDATE audit_events SET at = {as_text} WHERE position = 3")  # noqa: S608
        assert copy.fault() is Fault.CHANGED


def test_events_that_changed_places_are_out_of_order(audited: Audited) -> None:
    exchange(audited, 2, 4, ["position", "chain"])
    assert audited.fault() is Fault.OUT_OF_ORDER
    exchange(audited, 2, 4, ["position", "chain"])
    assert audited.fault() is None
    exchange(audited, 2, 3, ["position"])
    assert audited.fault() is Fault.OUT_OF_ORDER


def test_an_event_that_was_put_in_between_was_added(audited: Audited) -> None:
    insert(audited, 2, like=4, pushing=True)
    broken = audited.verdict().broken
    assert broken
    assert (broken.fault, broken.position) == (Fault.ADDED, 2)


def test_an_event_that_was_taken_out_is_missed_though_the_rest_moved_up(audited: Audited) -> None:
    delete(audited, [2], closing_up=True)
    broken = audited.verdict().broken
    assert broken
    assert (broken.fault, broken.position) == (Fault.MISSING, 2)


def test_what_was_cut_off_with_an_older_head_put_back_is_found_by_the_head_that_was_kept(
    audited: Audited,
) -> None:
    """Who can write into the database and has an old copy of it can undo what came since."""
    older = audited.sql("SELECT count, chain, key_name, signature FROM audit_heads")[0]
    audited.happens(3)
    audited.seal()
    kept = audited.head()
    assert audited.fault(kept) is None
    audited.sql("DELETE FROM audit_events WHERE position > :count", count=older.count)
    audited.sql(
        "UPDATE audit_heads SET count = :count, chain = :chain, key_name = :key_name, "
        "signature = :signature",
        **older._mapping,
    )
    assert audited.fault() is None, "nothing in the database tells"
    assert audited.fault(kept) is Fault.NOT_AS_KEPT
    audited.happens(3, reason="forged")
    audited.seal()
    assert audited.fault() is None
    assert audited.fault(kept) is Fault.NOT_AS_KEPT


def test_the_clock_does_not_cover_up_a_head_that_was_changed(audited: Audited) -> None:
    audited.sql("DELETE FROM audit_events WHERE position = 5")
    audited.sql(
        "UPDATE audit_heads SET count = 4, "
        "chain = (SELECT chain FROM audit_events WHERE position = 4)"
    )
    audited.happens()
    with capture_logs() as logs:
        audited.seal()
    assert [each["event"] for each in logs] == ["audit.not_sealed"]
    assert audited.fault() is Fault.HEAD
    assert audited.verdict().unsealed == 1


def test_the_clock_does_not_begin_anew_where_the_head_was_deleted(audited: Audited) -> None:
    audited.sql("DELETE FROM audit_heads")
    audited.happens()
    audited.seal()
    assert audited.fault() is Fault.HEAD
    assert audited.sql("SELECT count(*) FROM audit_heads") == [(0,)]


def test_what_was_cut_off_stays_missing_when_more_has_happened(audited: Audited) -> None:
    audited.sql("DELETE FROM audit_events WHERE position > 3")
    audited.happens(3)
    audited.seal()
    broken = audited.verdict().broken
    assert broken
    assert (broken.fault, broken.position) == (Fault.MISSING, 4)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """A SQLite file with a few sealed events, to be copied and tampered with."""
    audited = Audited(migrated(tmp_path_factory.mktemp("sealed")))
    audited.happens(EVENTS)
    audited.seal()
    audited.database.close()
    yield audited
    audited.database.close()


@contextmanager
def copied(sealed: Audited, folder: Path) -> Iterator[Audited]:
    """Attackers keep no constraints: they drop the index that keeps positions apart."""
    file = folder / f"{uuid4().hex}.db"
    shutil.copy(sealed.url.removeprefix("sqlite:///"), file)
    copy = Audited(f"sqlite:///{file}", sealed.keys)
    copy.now = sealed.now
    try:
        copy.sql("DROP INDEX uq_audit_events_position")
        yield copy
    finally:
        copy.database.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("copies")


@given(place=places, column=st.sampled_from(EVENT_COLUMNS), data=st.data())
@settings(max_examples=150)
def test_any_byte_of_any_event_that_was_changed_is_found(
    sealed: Audited, folder: Path, place: int, column: str, data: st.DataObject
) -> None:
    with copied(sealed, folder) as copy:
        change_a_byte(copy, "audit_events", f"position = {place}", column, data)
        assert copy.fault() is not None


@given(column=st.sampled_from(HEAD_COLUMNS), data=st.data())
@settings(max_examples=60)
def test_any_byte_of_the_head_that_was_changed_is_found(
    sealed: Audited, folder: Path, column: str, data: st.DataObject
) -> None:
    with copied(sealed, folder) as copy:
        change_a_byte(copy, "audit_heads", "id = 1", column, data)
        assert copy.fault() is not None


@given(gone=st.sets(places, min_size=1), closing_up=st.booleans(), head=st.booleans())
@settings(max_examples=60)
def test_whatever_was_taken_out_is_missed(
    sealed: Audited, folder: Path, gone: set[int], *, closing_up: bool, head: bool
) -> None:
    with copied(sealed, folder) as copy:
        delete(copy, sorted(gone), closing_up=closing_up)
        if head:
            put_head_at_the_end(copy)
        assert copy.fault() is not None


@given(at=st.integers(1, EVENTS + 1), like=places, pushing=st.booleans(), head=st.booleans())
@settings(max_examples=60)
def test_whatever_was_put_in_is_found(
    sealed: Audited, folder: Path, at: int, like: int, *, pushing: bool, head: bool
) -> None:
    with copied(sealed, folder) as copy:
        insert(copy, at, like=like, pushing=pushing)
        if head:
            put_head_at_the_end(copy)
        assert copy.fault() is not None


@given(
    both=st.lists(places, min_size=2, max_size=2, unique=True),
    what=st.sampled_from([["position"], ["position", "chain"], ["chain"], ["id"], list(FIELDS)]),
)
@settings(max_examples=60)
def test_whatever_changed_places_is_found(
    sealed: Audited, folder: Path, both: list[int], what: Sequence[str]
) -> None:
    with copied(sealed, folder) as copy:
        exchange(copy, both[0], both[1], what)
        assert copy.fault() is not None


def test_what_nobody_touched_is_whole(sealed: Audited, folder: Path) -> None:
    with copied(sealed, folder) as copy:
        assert copy.fault() is None
        assert copy.verdict().verified == EVENTS
