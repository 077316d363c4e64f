"""What was measured: figures with something beside them, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Final

HEADINGS: Final = ("what was measured", "value", "unit", "beside", "ratio")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. The name says what stands beside it; what has nothing beside it has no ratio."""

    name: str
    value: float
    unit: str
    beside: float | None = None
    ratio: float | None = None


def figure(name: str, value: float, unit: str, beside: float | None = None) -> Figure:
    ratio = round(value / beside, 3) if beside else None
    return Figure(name, _short(value), unit, None if beside is None else _short(beside), ratio)


def percentile(samples: Sequence[float], percent: int) -> float:
    """With linear interpolation between the samples on both sides."""
    return quantiles(samples, n=100, method="inclusive")[percent - 1]


def table(figures: Sequence[Figure]) -> str:
    rows = [HEADINGS, *map(_cells, figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADINGS))]
    return "\n".join(_line(row, widths) for row in rows)


def save(figures: Sequence[Figure], file: Path) -> None:
    file.write_text(json.dumps([asdict(each) for each in figures], indent=2) + "\n")


def _short(value: float) -> float:
    return round(value, 2 if value < 10 else 1)


def _cells(row: Figure) -> tuple[str, ...]:
    beside = "" if row.beside is None else f"{row.beside:g}"
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return row.name, f"{row.value:g}", row.unit, beside, ratio


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, value, unit, *rest = (
        cell.ljust(width) if at in (0, 2) else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join((name, value, unit, *rest)).rstrip()
