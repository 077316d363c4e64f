"""Understands what people text: commands, slips of the thumb and plain talk in every language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from handlers import choice
from handlers.claims import Claims
from handlers.conversation import Text
from handlers.judging import Judge
from handlers.languages import ENGLISH, Language, Languages
from handlers.meaning import OURS, WITH_A_CHOICE, Certainty, Intent, Meaning
from handlers.phrases import Expressions, Found, Heard, Phrasebook
from handlers.reserved import HELP_WORDS, KEPT_FREE, START_WORDS, STOP_WORDS
from handlers.spelling import Spelling, plain, spellings, spoken

__all__ = ["Certainty", "Intent", "Language", "Meaning", "Vocabulary"]

MOST_LETTERS: Final = 640
MOST_WORDS: Final = 60
"""A longer text is not the wish of somebody in a hurry, and to look at it all takes time."""

MOST_WORDS_AROUND_A_COMMAND: Final = 8

Said = tuple[Intent, str]
"""What a command means, and in which language."""

_CARRIERS: Final = {Intent.HELP: HELP_WORDS, Intent.STOP: STOP_WORDS, Intent.START: START_WORDS}


class Vocabulary:
    """Everything is indexed once; it remembers nothing of what it was asked.

    Raises WordReserved or WordClaimedTwice for commands that could not work as they are meant,
    and GroupUnknown for a phrase that names words which aren't there.
    """

    def __init__(self, languages: Mapping[str, Language]) -> None:
        known = Languages(languages)
        self._exact = _exact(known)
        self._book = _book(known)
        self._commands = _expressions(known.commands())
        self._forms = _expressions(
            (language, intent, form)
            for language in known
            for intent in OURS
            for form in known.forms(language, intent)
        )
        self._judge = Judge(known)
        self._own = {language: known.words(language) for language in known}
        self._spelling = Spelling(frozenset(_words_of_carriers()).union(*self._own.values()))

    def understand(self, text: Text) -> Meaning | None:
        """What a text means; None where it means nothing to us, or more than one thing."""
        if len(body := text.body.strip()) > MOST_LETTERS:
            return None
        return self._command(body) or self._with_choice(body) or self._talk(body)

    def _command(self, body: str) -> Meaning | None:
        said = self._exact.get(_key(body))
        return Meaning(said[0], Certainty.EXACT, said[1]) if said else None

    def _with_choice(self, body: str) -> Meaning | None:
        if not (parts := choice.split(body)):
            return None
        command = self._command(parts[0])
        if not command or command.intent not in WITH_A_CHOICE:
            return None
        if not choice.is_choice(parts[1], lambda word: self._is_ours(word, command.language)):
            return None
        return Meaning(command.intent, Certainty.EXACT, command.language, (parts[1],))

    def _is_ours(self, word: str, language: str) -> bool:
        """With a slip only in the language of the command: `martin` is near the French morning."""
        meant = self._spelling.meant(plain(word))
        return plain(word) in meant or not self._own[language].isdisjoint(meant)

    def _talk(self, body: str) -> Meaning | None:
        words = spoken(body)
        if not 0 < len(words) <= MOST_WORDS:
            return None
        torn = self._exact.get("".join(words))  # `re set`, `un lock`
        if torn and torn[0] in OURS:
            return Meaning(torn[0], Certainty.NEAR, torn[1])
        heard = self._spelling.heard(words)
        commands = self._said_alone(words, heard)
        found = [*self._book.found(heard)]
        if len(words) <= MOST_WORDS_AROUND_A_COMMAND and all(map(_is_plain, words, heard)):
            found += commands
        best = self._judge.best(found, heard, {Intent(each.meaning) for each in commands})
        return Meaning(Intent(best.meaning), Certainty.NEAR, best.language) if best else None

    def _said_alone(self, words: Sequence[str], heard: Heard) -> list[Found]:
        """Commands as in `reset pls`. Their other forms have too many neighbours to bear slips."""
        exact = [(word,) if word in self._spelling.words else () for word in words]
        spots = (*self._commands.spots(heard), *self._forms.spots(exact))
        return [Found(intent, language, frozenset(spot)) for spot, (intent, language) in spots]


def _words_of_carriers() -> Iterator[str]:
    """None of these is taken for a slip of a word of ours."""
    for words in (*_CARRIERS.values(), KEPT_FREE):
        yield from (part for word in words for part in spoken(word))


def _is_plain(word: str, heard: tuple[str, ...]) -> bool:
    return bool(heard) or word.isdecimal()


def _key(body: str) -> str:
    return " ".join(plain(word) for word in Text(body).words)


def _exact(languages: Languages) -> Mapping[str, Said]:
    """Every command as it is spoken, and the first language that has it."""
    claims = Claims()
    exact: dict[str, Said] = {}
    for language, intent, word in languages.commands():
        for way in {" ".join(way) for way in spellings(word)}:
            claims.claim(way, word, intent, language)
            exact.setdefault(way, (intent, language))
    for intent, words in _CARRIERS.items():
        exact.update({_key(word): exact.get(_key(word), (intent, ENGLISH)) for word in words})
    return exact


def _book(languages: Languages) -> Phrasebook:
    book = Phrasebook()
    for language in languages:
        for meaning, parts in languages.phrases(language):
            book.add(meaning, language, parts)
    return book


def _expressions(words: Iterable[tuple[str, Intent, str]]) -> Expressions[Said]:
    expressions: Expressions[Said] = Expressions()
    for language, intent, word in words:
        expressions.add(word, (intent, language))
    return expressions
