"""Which of our texts are not written in a language yet."""

from __future__ import annotations

from gateway.wording import FACTS, templates_of


def missing_texts(language: str) -> int:
    """Those that are written neither in it nor in the language that it is a kind of."""
    written = {*templates_of(language), *templates_of(language.partition("-")[0])}
    return len(FACTS.keys() - written)
