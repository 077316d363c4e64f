"""The audit's export: everything in order, in portions, and harmless to a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import update

from gateway.cli import audit
from gateway.cli.audit_formats import BEGINS_A_FORMULA, harmless
from gateway.engine.sealing import Sealing
from gateway.records import AuditEvent
from gateway.records.database import Database
from tests.gateway.cli.conftest import Terminal


def _happened(terminal: Terminal, day: int, reason: str = "") -> None:
    at = datetime(2026, 3, day, 12, tzinfo=UTC)
    terminal.store(AuditEvent(at=at, event="reply:failed", mode="sms", reason=reason, person_id=7))


def test_each_event_is_a_line_of_json(terminal: Terminal) -> None:
    _happened(terminal, 2, "refused_30007")
    lines = terminal.run("audit", "export").splitlines()
    assert json.loads(lines[-1]) == {
        "id": 3,
        "at": "2026-03-02T12:00:00+00:00",
        "event": "reply:failed",
        "mode": "sms",
        "tenant_id": None,
        "organization_id": None,
        "person_id": 7,
        "request_id": None,
        "reason": "refused_30007",
        "position": None,
        "chain": None,
    }


def test_a_long_history_is_read_in_portions_and_in_order(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "AT_ONCE", 2)
    for day in range(1, 8):
        _happened(terminal, day)
    lines = terminal.run("audit", "export").splitlines()
    assert [json.loads(line)["id"] for line in lines] == list(range(1, 10))


def test_only_what_happened_since_a_time_is_exported(terminal: Terminal) -> None:
    _happened(terminal, 1, "before")
    _happened(terminal, 3, "after")
    lines = terminal.run("audit", "export", "--since", "2026-03-02").splitlines()
    assert "before" not in [json.loads(line)["reason"] for line in lines]
    assert "after" in [json.loads(line)["reason"] for line in lines]
    assert "--since" in terminal.refused("audit", "export", "--since", "yesterday", status=2)


@pytest.mark.parametrize(
    "reason", ["=1+1", "+1", "-1", "@x", "\tx", '="a",b', "=cmd|' /C calc'!A0"]
)
def test_nothing_in_the_csv_is_a_formula(terminal: Terminal, reason: str) -> None:
    _happened(terminal, 2, reason)
    rows = list(csv.DictReader(io.StringIO(terminal.run("audit", "export", "--format", "csv"))))
    assert rows[-1]["reason"] == f"'{reason}"
    assert rows[-1]["person_id"] == "7"
    assert rows[-1]["tenant_id"] == ""


@given(st.text())
def test_no_text_begins_a_formula_in_a_spreadsheet(text: str) -> None:
    assert not str(harmless(text)).startswith(BEGINS_A_FORMULA)
    assert str(harmless(text)).endswith(text)


def test_nobody_waits_for_whoever_reads_an_export(terminal: Terminal) -> None:
    """SQLite has one writer at a time: an export must not be one while it is read."""
    export = terminal.start("audit", "export", stdout=-1)
    assert export.stdout
    for _ in range(3):
        _happened(terminal, 2)
    export.stdout.read()
    export.stdout.close()
    assert export.wait(timeout=60) == 0


def test_an_export_can_be_narrowed_down(terminal: Terminal) -> None:
    terminal.run("organization", "add", "contoso", "--tenant", "msp", "--name", "Contoso")
    for day in (1, 2, 3):
        _happened(terminal, day)

    def exported(*options: str) -> list[str]:
        lines = terminal.run("audit", "export", *options).splitlines()
        return [json.loads(line)["event"] for line in lines]

    assert exported("--organization", "contoso") == ["organization:added"]
    assert exported("--event", "reply:failed") == ["reply:failed"] * 3
    assert exported("--since", "2026-03-02", "--until", "2026-03-03") == ["reply:failed"]
    assert exported("--event", "tenant:added", "--event", "organization:added") == [
        "tenant:added",
        "organization:added",
        "organization:added",
    ]
    assert "contosa" in terminal.refused("audit", "export", "--organization", "contosa")
    assert "--event" in terminal.refused("audit", "export", "--event", "reset", status=2)


def test_an_export_for_a_siem_is_a_line_of_cef_for_each_event(terminal: Terminal) -> None:
    _happened(terminal, 2, "a=b")
    lines = terminal.run("audit", "export", "--format", "cef").splitlines()
    assert len(lines) == 3
    assert all(line.startswith("CEF:0|Resetline|Resetline|") for line in lines)
    assert "reason=a\\=b" in lines[-1]


def seal(terminal: Terminal) -> None:
    """What the clock does within seconds."""
    keys = [SecretStr(key) for key in terminal.environment["SECRET_KEYS"].split(",")]
    database = Database(terminal.database_url)
    Sealing(database, keys, lambda: datetime.now(UTC)).run()
    database.close()


def happened_just_now(terminal: Terminal) -> None:
    """Whatever has happened: it was prepared for all tests, some time ago."""
    database = Database(terminal.database_url)
    with database.transaction() as session:
        session.execute(update(AuditEvent).values(at=datetime.now(UTC)))
    database.close()


def test_verifying_says_how_much_was_verified(terminal: Terminal) -> None:
    happened_just_now(terminal)
    assert "2 are too new" in terminal.run("audit", "verify")
    assert "no event has been sealed" in terminal.refused("audit", "head")
    seal(terminal)
    assert terminal.run("audit", "verify").startswith("Verified 2 events.")
    head = terminal.run("audit", "head").strip()
    assert terminal.json("audit", "verify", "--head", head, "--json") == {
        "ok": True,
        "verified": 2,
        "from_before_the_chain": 2,
        "not_sealed_yet": 0,
        "head": head,
        "fault": None,
    }


def test_the_export_has_each_place_and_hash(terminal: Terminal) -> None:
    seal(terminal)
    rows = [json.loads(line) for line in terminal.run("audit", "export").splitlines()]
    assert [row["position"] for row in rows] == [1, 2]
    assert terminal.run("audit", "head").strip() == f"2:{rows[1]['chain']}"


def test_the_first_bad_event_is_named_and_the_status_is_1(terminal: Terminal) -> None:
    seal(terminal)
    head = terminal.run("audit", "head").strip()
    terminal.sql("UPDATE audit_events SET reason = 'nothing' WHERE position = 1")
    assert "position 1 (id 1) was changed" in terminal.refused("audit", "verify")
    shown = terminal.enter("audit", "verify", "--json")
    assert shown.exit_code == 1
    told = json.loads(shown.stdout)
    assert told["ok"] is False
    assert (told["fault"]["kind"], told["fault"]["position"]) == ("changed", 1)
    terminal.sql("DELETE FROM audit_events")
    terminal.sql("DELETE FROM audit_heads")
    assert "cut off" in terminal.refused("audit", "verify", "--head", head)


def test_a_head_is_given_as_it_was_printed(terminal: Terminal) -> None:
    assert "POSITION:HASH" in terminal.refused("audit", "verify", "--head", "latest", status=2)
