"""How commands print: a table for people or JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
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


def write_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Columns as wide as their widest value, under their names."""
    names = [name.replace("_", " ") for name in rows[0]]
    cells = [names, *([shown(value) for value in row.values()] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(names))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]


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
