"""The table of texts as people write them, and what each of them means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from handlers.vocabulary import Certainty, Meaning

TUNED = Path(__file__).with_name("texts.tsv")
"""What the vocabulary was written against. The meanings were written down first."""

HELD_OUT = Path(__file__).with_name("texts_held_out.tsv")
"""Written when the vocabulary was done, and never used to better it."""

MISSED = frozenset(
    {
        "password rest please",
        "I cannot for the life of me remember my password",
        "reste",
        "how long until my password expires",
        "j'ai oublié mon code d'accès",
        "Ich komme nicht mehr in meinen Account",
        "is Dave's account locked?",
        "I never asked you to call",
    }
)
"""What of HELD_OUT is not understood as it was meant. None of these changes anything: six are
answered with the list of words, one with a status, and one with the question whether it was them.
"""

MARKS = {Certainty.EXACT: "=", Certainty.NEAR: "~"}


@dataclass(frozen=True, slots=True)
class Written:
    """A line of the table. `=reset 2` is an exact command, `~reset` a near one, `-` is neither.

    Where a reader could take a text in two ways that are both right, they stand with a `|`.
    """

    meanings: tuple[str, ...]
    language: str
    body: str

    @property
    def mark(self) -> str:
        return self.meanings[0][0]


def texts(file: Path) -> Iterator[Written]:
    """All lines below the header; `\\n` in a text at its end is a new line."""
    for line in file.read_text(encoding="utf-8").splitlines()[1:]:
        meanings, language, body = line.split("\t")
        yield Written(tuple(meanings.split("|")), language, body.replace(r"reset\n", "reset\n"))


def written(meaning: Meaning | None) -> str:
    """A meaning as the table writes it."""
    if meaning is None:
        return "-"
    return " ".join([MARKS[meaning.certainty] + meaning.intent, *meaning.choice])
