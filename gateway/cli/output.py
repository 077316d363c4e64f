"""How commands print: a table for people or JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def write(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Rows with the same keys, which name the columns. `empty` says what to do about none."""
    if as_json:
        write_json(rows)
    elif rows:
        for line in table(rows):
            click.echo(line)
    else:
        click.echo(empty)


def write_each(
    rows: Callable[[], Iterator[Mapping[str, Any]]], *, as_json: bool, empty: str
) -> None:
    """The same for rows that are too many to be held at once: they are asked for twice."""
    if as_json:
        _write_each_json(rows())
        return
    widths: list[int] = []
    for row in rows():
        widths = list(map(max, map(len, _cells(row)), widths or map(len, _names(row))))
    if not widths:
        click.echo(empty)
    for at, row in enumerate(rows()):
        if at == 0:
            click.echo(_line(_names(row), widths))
        click.echo(_line(_cells(row), widths))


def _write_each_json(rows: Iterator[Mapping[str, Any]]) -> None:
    """A list like any other, with a line for each."""
    before = "["
    for row in rows:
        click.echo(f"{before}\n  {json.dumps(row, ensure_ascii=False)}", nl=False)
        before = ","
    click.echo("[]" if before == "[" else "\n]")


def write_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Columns as wide as their widest value, under their names."""
    cells = [_names(rows[0]), *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [_line(row, widths) for row in cells]


def _names(row: Mapping[str, Any]) -> list[str]:
    return [name.replace("_", " ") for name in row]


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [shown(value) for value in row.values()]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(map(str.ljust, cells, widths)).rstrip()


def shown(value: Any) -> str:
    """A value on one line; nothing in it can move the cursor of the terminal that shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value)) or "-"
    text = "" if value is None else str(value)
    return "".join(letter if letter.isprintable() else "?" for letter in text) or "-"


def mark(sign: str, plain: str) -> str:
    """A sign, or a plain word where the terminal cannot write it."""
    encoding = sys.stdout.encoding or "ascii"
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return plain
    return sign
