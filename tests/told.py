"""What a person reads in a text of ours: the word to text back, or the one-time password."""

from __future__ import annotations

import re

WORD = re.compile(r"text back ([a-z]+) within")


def word_in(text: str) -> str:
    """The word that is to be texted back."""
    found = WORD.search(text)
    assert found, text
    return found[1]
