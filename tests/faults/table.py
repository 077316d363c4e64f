"""The table of faults: what broke, what the person saw, and which promises held."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from tests.faults.invariants import password_in
from tests.told import WORD

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
HEAD = ("| Fault | What the person saw | Held |", "|---|---|---|")
BRAND = re.compile(r"^Northwind: ")
SENTENCE = re.compile(r"[^.?]+[.?]")


class Line(NamedTuple):
    """One fault."""

    fault: str
    saw: str
    held: str


def fault_of(docstring: str, name: str, parameters: dict[str, object]) -> str:
    """The first sentence of a test, with its parameters put in; else the name of the test."""
    if not docstring:
        return name.removeprefix("test_").replace("_", " ")
    sentence = docstring.strip().splitlines()[0].rstrip(".")
    return sentence.format_map({key: str(value) for key, value in parameters.items()})


def seen(phones: Iterable[Sequence[str]]) -> str:
    """What all phones showed, in few words."""
    each = sorted({_on_one_phone(texts) for texts in phones})
    return "; ".join(each) or "nothing"


def _on_one_phone(texts: Sequence[str]) -> str:
    told = [(text, len(list(same))) for text, same in groupby(texts)]
    return ", then ".join(_words(text) + _times(count) for text, count in told) or "nothing"


def _times(count: int) -> str:
    return "" if count == 1 else " (the same twice)" if count == 2 else f" (the same {count} times)"


def _words(text: str) -> str:
    if password_in(text):
        return "a password that may be set" if "may now be" in text else "a one-time password"
    if WORD.search(text):
        return "a word to text back"
    plain = BRAND.sub("", text)
    return "“" + "".join(SENTENCE.findall(plain)[:2]).strip() + "”"


def drawn(lines: Iterable[Line]) -> str:
    return "\n".join([*HEAD, *(f"| {' | '.join(line)} |" for line in lines)])


def write(table: str) -> None:
    """Put it into the document, between its two marks."""
    text = DOCUMENT.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")
