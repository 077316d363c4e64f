"""Which of our texts are not written in a language yet."""

from __future__ import annotations

from gateway.wording import FACTS, languages, templates_of


def missing_texts(language: str) -> int:
    """Those that are written neither in it nor in the language that it is a kind of."""
    written = {*templates_of(language), *templates_of(language.partition("-")[0])}
    return len(FACTS.keys() - written)


def what_is_missing(language: str) -> str:
    """One sentence, or nothing where each text is written in it."""
    missing = missing_texts(language)
    if missing == len(FACTS):
        there_are = ", ".join(languages())
        return f"there are no texts in {language}: people get English; there are {there_are}"
    if missing:
        return (
            f"{missing} of {len(FACTS)} texts are not written in {language} yet; "
            "people get those in English"
        )
    return ""
