"""`make bench` in its quick form: it runs to its end and writes what it measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
AT_MOST_SECONDS = 240
MEASURED = (
    "core time for a reset, workers",
    "core time for a text, load generator",
    "texts accepted per second, workers stopped, SQLite",
    "answers per second behind them",
    "resets per second, 2 workers",
    "added latency, p99, idle",
    "added latency, p99, at ",
    "look-up of a sender, median",
    "sync with a directory, nothing new",
    "memory of a sync (RSS), first run",
    "memory of a process (PSS), worker",
    "start until it is ready, web",
)


def test_the_quick_bench_writes_figures_with_something_beside_them(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--results", str(results)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=AT_MOST_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(results.read_text())
    assert {tuple(row) for row in rows} == {("name", "value", "unit", "beside", "ratio")}
    assert len({row["name"] for row in rows}) == len(rows) > 10
    for name in MEASURED:
        assert any(row["name"].startswith(name) and row["value"] > 0 for row in rows), name
    for row in rows:
        assert row["name"] in done.stdout
        assert (row["beside"] is None) == (row["ratio"] is None)
