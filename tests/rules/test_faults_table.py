"""docs/reliability.md tells of exactly the faults that are tried, and names tests that exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from typing import Final

from tests.faults.table import BEGIN, DOCUMENT, END, HEAD
from tests.rules.test_house import ROOT

TEST: Final = re.compile(r"`(test_\w+)`")
DEFINED: Final = re.compile(r"^def (test_\w+)\(", re.MULTILINE)
ROWS_OF_THE_MATRIX: Final = 50
DEMANDS: Final = [*(f"S{n}" for n in range(1, 26)), *(f"R{n}" for n in range(1, 19))]


def test_the_table_names_exactly_the_faults_that_are_tried() -> None:
    assert sorted(faults_in_the_document()) == sorted(faults_tried())


def test_no_fault_is_named_twice() -> None:
    faults = faults_tried()
    assert [fault for fault in set(faults) if faults.count(fault) > 1] == []


def test_more_than_thirty_faults_are_tried() -> None:
    assert len(faults_tried()) > 30


def test_every_line_of_the_matrix_and_every_demand_is_answered() -> None:
    firsts = [line.split("|")[1].strip() for line in answers()]
    assert firsts == [*(str(n) for n in range(1, ROWS_OF_THE_MATRIX + 1)), *DEMANDS]


def test_every_test_that_the_matrix_names_exists() -> None:
    sources = [path.read_text() for path in (ROOT / "tests" / "faults").glob("test_*.py")]
    known = {name for source in sources for name in DEFINED.findall(source)}
    assert {name for line in answers() for name in TEST.findall(line)} - known == set()


def faults_in_the_document() -> list[str]:
    table = DOCUMENT.read_text().split(BEGIN)[1].split(END)[0].strip().splitlines()
    assert tuple(table[:2]) == HEAD
    return [line.split("|")[1].strip() for line in table[2:]]


def answers() -> list[str]:
    """The lines of the matrix and of both lists of demands."""
    rest = DOCUMENT.read_text().split(END)[1].splitlines()
    return [line for line in rest if re.match(r"\| (\d+|[SR]\d+) \|", line)]


@cache
def faults_tried() -> list[str]:
    """As pytest collects them; nothing is broken for this."""
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/faults"]
    told = subprocess.run(
        collect, cwd=ROOT, env={**os.environ, "FAULTS": "names"}, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout
    return [line[7:] for line in told.stdout.splitlines() if line.startswith("fault: ")]
