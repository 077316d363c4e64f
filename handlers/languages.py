"""The words of each language, as the folders of languages list them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from handlers.meaning import OURS, Intent
from handlers.spelling import spellings

Language = Mapping[str, Mapping[str, Sequence[str]]]
"""A section for each intent of OURS, with `words` (commands) and `phrases`; and three more.

`nothing`: `words` with which no wish is carried out (negations, other people), and `phrases`.
`ordinary`: `words` that say nothing here, are no slips of ours, and are nobody's user name.
`groups`: words that say the same, by a name that phrases write in braces. A group that is named
as an intent holds further forms of its commands; the commands themselves are in it by nature.
"""

ENGLISH: Final = "en"
NOTHING: Final = "nothing"

_GROUP: Final = re.compile(r"\{\w+\}")


class GroupUnknown(Exception):
    """A phrase names a group of words that its language doesn't have."""


class Languages:
    """All languages, English first: its commands work in every language."""

    def __init__(self, languages: Mapping[str, Language]) -> None:
        self._all = dict(sorted(languages.items(), key=lambda each: each[0] != ENGLISH))

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def commands(self) -> Iterator[tuple[str, Intent, str]]:
        """Language, intent and word."""
        for language, sections in self._all.items():
            for intent in OURS:
                for word in sections[intent]["words"]:
                    yield language, intent, word

    def forms(self, language: str, intent: Intent) -> Sequence[str]:
        """Other forms of a command: `unlocking`. They are commands only in plain talk."""
        return self._all[language]["groups"].get(intent, ())

    def _said(self, language: str, intent: Intent) -> Sequence[str]:
        """A command in this language and in English, and its further forms in this language."""
        tongues = dict.fromkeys(each for each in (ENGLISH, language) if each in self._all)
        words = [word for tongue in tongues for word in self._all[tongue][intent]["words"]]
        return [*words, *self.forms(language, intent)]

    def phrases(self, language: str) -> Iterator[tuple[str, Sequence[Sequence[str]]]]:
        """The meaning of a phrase, and for each of its parts what may stand there."""
        groups = self._groups(language)
        for meaning in (*OURS, NOTHING):
            for phrase in self._all[language][meaning].get("phrases", ()):
                yield meaning, [_part(each, groups, phrase, language) for each in phrase.split()]

    def words(self, language: str) -> frozenset[str]:
        """Every single word that is known in a language, as it is spoken."""
        sections = self._all[language]
        said = [word for has in sections.values() for words in has.values() for word in words]
        ways = (way for expression in said for way in spellings(_GROUP.sub(" ", expression)))
        return frozenset(word for way in ways for word in way)

    def ordinary(self, language: str) -> Sequence[str]:
        return self._all[language]["ordinary"]["words"]

    def against(self, language: str) -> Sequence[str]:
        return self._all[language][NOTHING]["words"]

    def _groups(self, language: str) -> Mapping[str, Sequence[str]]:
        own = self._all[language]["groups"]
        return {**own, **{intent: self._said(language, intent) for intent in OURS}}


def _part(
    part: str, groups: Mapping[str, Sequence[str]], phrase: str, language: str
) -> Sequence[str]:
    if not part.startswith("{"):
        return [part]
    if (name := part.strip("{}")) not in groups:
        raise GroupUnknown(f"{language} has no group {part} for its phrase {phrase!r}")
    return groups[name]
