"""What people text, in seven languages, and how it is understood."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from gateway.vocabulary import vocabulary
from handlers.conversation import Text
from tests.handlers.texts import HELD_OUT, TUNED, Written, texts, written

BOTH: Final = [file for file in (TUNED, HELD_OUT) if file.exists()]
ALL: Final = [each for file in BOTH for each in texts(file)]
ACTING: Final = frozenset({"=reset", "=unlock", "~unlock"})
"""What the gateway carries out without asking back and that is not merely an answer."""


def understood(body: str) -> str:
    return written(vocabulary().understand(Text(body)))


def test_the_table_is_as_long_as_it_has_to_be() -> None:
    assert len(ALL) >= 240
    assert {each.language for each in ALL} == {"en", "es", "fr", "de", "pt", "it", "nl"}


@pytest.mark.parametrize("line", [each for each in ALL if each.mark == "="], ids=str)
def test_every_exact_word_is_understood(line: Written) -> None:
    assert understood(line.body) in line.meanings


@pytest.mark.parametrize("file", BOTH, ids=lambda file: file.stem)
def test_of_near_misses_and_plain_talk_nearly_all_is_understood_as_it_was_meant(file: Path) -> None:
    near = [each for each in texts(file) if each.mark == "~"]
    missed = [each.body for each in near if understood(each.body) not in each.meanings]
    assert len(missed) <= 0.05 * len(near), missed


@pytest.mark.parametrize("line", ALL, ids=str)
def test_nothing_is_done_that_was_not_meant(line: Written) -> None:
    """A reset that was only talked of is asked about first, so it is no wrong reset."""
    got = understood(line.body)
    assert got in line.meanings or got.split()[0] not in ACTING


@pytest.mark.parametrize(
    "body",
    [each.body for each in ALL if each.mark == "-"],
)
def test_whoever_talks_of_something_else_is_not_asked_whether_they_want_a_reset(body: str) -> None:
    assert understood(body) not in {"=reset", "~reset"}
