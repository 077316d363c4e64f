"""The audit's export: everything in order, in portions, and harmless to a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import audit
from gateway.cli.audit import BEGINS_A_FORMULA, harmless
from gateway.records import AuditEvent
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
