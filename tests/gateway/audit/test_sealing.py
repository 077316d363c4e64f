"""The clock gives each event its place once, whoever writes, dies or changes keys meanwhile."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from pydantic import SecretStr
from sqlalchemy import text

from gateway.cli.chain_faults import Fault
from gateway.cli.rotation import Rotation
from gateway.engine import sealing
from gateway.engine.sealing import Sealing
from gateway.records import schema
from gateway.records.audit import Event, record
from gateway.records.database import Database, DatabaseUnavailable
from gateway.seal import Seal, new_key
from tests.databases import fresh_postgresql
from tests.fakes import Crash, CrashingDatabase, Failpoints
from tests.gateway.audit.conftest import NOW, Audited, migrated

WRITERS, EACH = 4, 40
OpenAudit = Callable[..., Audited]


def test_what_happened_just_now_is_not_sealed_yet_and_no_fault(audited: Audited) -> None:
    audited.happens(2)
    verdict = audited.verdict()
    assert (verdict.verified, verdict.unsealed, verdict.broken) == (5, 2, None)
    audited.seal()
    assert audited.verdict().verified == 7


def test_what_stays_unsealed_for_minutes_is_a_fault(audited: Audited) -> None:
    audited.happens()
    audited.now += timedelta(minutes=6)
    assert audited.fault() is Fault.NOT_SEALED


def test_sealing_again_changes_nothing(audited: Audited) -> None:
    head = audited.head()
    audited.seal()
    assert audited.head() == head


def test_a_long_history_is_sealed_in_portions(
    audited: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "AT_ONCE", 3)
    monkeypatch.setattr(sealing, "PORTIONS", 2)
    audited.happens(8)
    audited.sealing().run(lambda: False)
    assert audited.verdict().verified == 8, "it is another clock's turn after the first portion"
    audited.seal()
    assert audited.verdict().verified == 13
    assert audited.fault() is None


def test_many_writers_and_two_clocks_make_one_chain(audited: Audited) -> None:
    writing = threading.Event()
    writing.set()

    def write(writer: int) -> None:
        database = Database(audited.url)
        for number in range(EACH):
            _persistently(partial(_write_one, database, f"{writer}:{number}"))
        database.close()

    def sweep(_clock: int) -> None:
        database = Database(audited.url)
        clock = Sealing(database, audited.keys, lambda: NOW)
        while writing.is_set():
            _persistently(clock.run)
        database.close()

    with ThreadPoolExecutor(WRITERS + 2) as threads:
        clocks = [threads.submit(sweep, number) for number in range(2)]
        try:
            list(threads.map(write, range(WRITERS)))
        finally:
            writing.clear()
        for clock in clocks:
            clock.result()
    audited.seal()
    verdict = audited.verdict()
    assert (verdict.verified, verdict.unsealed, verdict.broken) == (5 + WRITERS * EACH, 0, None)


def _write_one(database: Database, reason: str) -> None:
    with database.transaction() as session:
        record(session, Event.RESET_FAILED, None, NOW, reason=reason)


def _persistently(work: Callable[[], object]) -> None:
    """SQLite lets those who wait in, in no order: whoever waited in vain comes again."""
    while True:
        try:
            work()
        except DatabaseUnavailable:
            continue
        return


def test_an_event_that_is_committed_late_gets_the_next_place(postgresql: str) -> None:
    """PostgreSQL gives numbers when a row is inserted, and shows it when it is committed."""
    with fresh_postgresql(postgresql) as url:
        audited = Audited(url)
        with audited.database.transaction() as late:
            record(late, Event.RESET_FAILED, None, NOW, reason="late")
            audited.happens(2)
            audited.seal()
            assert audited.verdict().verified == 2
        audited.seal()
        assert audited.sql("SELECT reason, position FROM audit_events ORDER BY id") == [
            ("late", 3),
            ("out_of_luck", 1),
            ("out_of_luck", 2),
        ]
        assert audited.fault() is None
        audited.database.close()


def test_a_clock_that_dies_at_any_commit_leaves_a_chain_that_goes_on(
    tmp_path: Path, open_audit: OpenAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "AT_ONCE", 2)
    before = open_audit(migrated(tmp_path))
    before.happens(5)
    before.database.close()
    died = 0
    for point in range(1, 20):
        copy = tmp_path / f"{point}.db"
        shutil.copy(before.url.removeprefix("sqlite:///"), copy)
        died += dies_while_sealing(f"sqlite:///{copy}", before.keys, point)
        after = open_audit(f"sqlite:///{copy}", before.keys)
        after.now = before.now
        assert after.fault() is None
        after.seal()
        assert after.verdict().verified == 5
        assert after.fault() is None
    assert died == 6, "before and after each of three commits"


def dies_while_sealing(url: str, keys: list[SecretStr], point: int) -> bool:
    database = CrashingDatabase(url, Failpoints(dies_at=point))
    try:
        Sealing(database, keys, lambda: NOW).run()
    except Crash:
        return True
    finally:
        database.close()
    return False


def test_after_a_rotation_the_old_key_is_not_needed(audited: Audited) -> None:
    head = audited.head()
    [old] = audited.keys
    audited.keys = [SecretStr(new_key()), old]
    assert audited.fault() is None
    rotate(audited)
    audited.seal()
    audited.keys = audited.keys[:1]
    assert audited.verdict().verified == 6
    assert audited.fault(head) is None
    audited.sql("UPDATE audit_events SET reason = 'other' WHERE position = 2")
    assert audited.fault() is Fault.CHANGED


def test_without_a_rotation_the_old_key_is_missed(audited: Audited) -> None:
    audited.keys = [SecretStr(new_key())]
    assert audited.fault() is Fault.KEY_LACKING


def test_who_has_only_an_old_key_cannot_end_the_chain_with_it(audited: Audited) -> None:
    """It was rotated out because somebody had it: what it signs is not believed any more."""
    [old] = audited.keys
    as_it_was = audited.sql("SELECT count, chain, key_name, signature FROM audit_heads")[0]
    audited.keys = [SecretStr(new_key()), old]
    rotate(audited)
    audited.seal()
    audited.keys = audited.keys[:1]
    audited.sql("DELETE FROM audit_events WHERE position > 5")
    audited.sql(
        "UPDATE audit_heads SET count = :count, chain = :chain, key_name = :key_name, "
        "signature = :signature",
        **as_it_was._mapping,
    )
    assert audited.fault() is Fault.KEY_LACKING


def test_a_sealed_value_of_another_kind_is_not_taken_for_a_key(audited: Audited) -> None:
    """Anybody can have a phone number sealed, and so know what is in it."""
    number = Seal(audited.keys).seal(SecretStr("+14155550111"))
    audited.sql("INSERT INTO audit_keys (name, sealed_key) VALUES ('x', :number)", number=number)
    assert audited.fault() is None


def rotate(audited: Audited) -> None:
    Rotation(audited.database, Seal(audited.keys), Seal(audited.keys[:1])).run()
    audited.sql("UPDATE audit_events SET at = :at WHERE position IS NULL", at=str(audited.now))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_happened_before_the_upgrade_is_sealed_and_told(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, open_audit: OpenAudit
) -> None:
    if kind == "sqlite":
        grows_older(open_audit(f"sqlite:///{tmp_path}/old.db"))
        return
    with fresh_postgresql(request.getfixturevalue("postgresql"), migrate=False) as url:
        audited = Audited(url)
        grows_older(audited)
        audited.database.close()


def grows_older(audited: Audited) -> None:
    config = schema.configuration()
    with audited.database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        for _ in range(3):
            connection.execute(
                text(
                    "INSERT INTO audit_events (at, event, mode, reason) "
                    "VALUES ('2025-01-01 09:00:00', 'reply:failed', 'sms', '30003')"
                )
            )
    schema.upgrade(audited.database.engine)
    audited.seal()
    audited.happens(2)
    audited.seal()
    verdict = audited.verdict()
    assert (verdict.verified, verdict.older, verdict.broken) == (5, 3, None)
