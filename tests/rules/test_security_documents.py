"""docs/security.md and docs/standards.md promise nothing that no test shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.rules.test_house import ROOT

SECURITY: Final = ROOT / "docs" / "security.md"
STANDARDS: Final = ROOT / "docs" / "standards.md"
NAMED: Final = re.compile(r"`(tests/[\w/.]+)(?:::(\w+))?`")
VERDICTS: Final = {"met", "partly", "yours", "no"}
BINDING: Final = """
1.2.4 1.2.6 1.2.10 1.3.11 1.5.2 2.1.3 2.3.1 2.3.3 2.3.4 2.4.1 3.3.1 3.3.2 3.3.3 3.3.4 3.4.1 3.4.2
3.4.3 3.4.4 3.4.5 3.4.6 3.5.1 3.5.3 3.7.2 4.1.3 6.1.1 6.3.4 6.3.7 6.3.8 6.4.1 6.4.3 6.4.6 6.5.1
6.5.2 6.5.3 6.5.4 6.5.5 6.6.1 6.6.2 6.6.3 7.2.3 7.5.1 8.2.1 8.2.2 8.4.1 11.2.2 11.3.3 11.5.1 12.3.1
12.3.2 13.3.1 14.2.1 14.3.2 15.3.4 15.3.7 15.4.2 16.2.5 16.3.1 16.3.2 16.3.3 16.4.1 16.5.2 16.5.3
"""
"""What OWASP ASVS 5.0 asks for that a service like this cannot leave unanswered."""


class Row(NamedTuple):
    """A line of a table, with its cells."""

    line: str
    cells: list[str]

    def tests(self) -> list[tuple[str, str]]:
        return [(found[1], found[2] or "") for found in NAMED.finditer(self.line)]


def rows(document: Path, heading: str) -> Iterator[Row]:
    """Those of every table between a heading and the next one of its rank."""
    section = document.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    for line in lines:
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if not set(cells) & {"threat", "what it asks for"}:
            yield Row(line, cells)


def threats() -> list[Row]:
    return list(rows(SECURITY, "Threats"))


def answers() -> list[Row]:
    headings = ("NIST SP 800-63B-4", "OWASP ASVS 5.0", "OWASP Forgot Password sheet")
    return [row for heading in headings for row in rows(STANDARDS, heading)]


def verdict(row: Row) -> str:
    """The cell of one word."""
    return next((cell for cell in row.cells if cell in VERDICTS), "none")


def test_there_are_many_threats_and_answers() -> None:
    assert len(threats()) > 40
    assert len(answers()) > 100


@pytest.mark.parametrize("row", threats(), ids=lambda row: row.cells[0][:60])
def test_every_threat_names_a_test(row: Row) -> None:
    assert len(row.cells) == 3
    assert row.tests()


@pytest.mark.parametrize("row", answers(), ids=lambda row: " ".join(row.cells[:2])[:60])
def test_every_line_of_a_standard_is_answered(row: Row) -> None:
    """In one of four words, and where nothing is lacking with what shows it."""
    assert verdict(row) in VERDICTS
    assert row.cells[-1], "nothing is said"
    if verdict(row) == "met":
        assert row.tests() or "](" in row.line or is_about_nothing(row)


@pytest.mark.parametrize("document", [SECURITY, STANDARDS], ids=lambda path: path.name)
def test_every_test_that_is_named_exists(document: Path) -> None:
    missing = [
        (path, name)
        for line in document.read_text().splitlines()
        for path, name in Row(line, []).tests()
        if not exists(path, name)
    ]
    assert missing == []


def test_every_line_that_binds_us_is_answered_once() -> None:
    ids = [one for row in rows(STANDARDS, "OWASP ASVS 5.0") for one in row.cells[0].split(", ")]
    assert len(set(ids)) == len(ids)
    assert set(BINDING.split()) <= set(ids)


def is_about_nothing(row: Row) -> bool:
    """Met by what is not there, which no test can show, or by a rule of `make lint`."""
    nothing = r"there (is|are) (no|nothing)|starts none|one cookie|`make lint`"
    return re.search(nothing, row.cells[-1]) is not None


def exists(path: str, name: str) -> bool:
    file = ROOT / path
    if name:
        return file.is_file() and f"def {name}(" in file.read_text()
    return file.exists()
