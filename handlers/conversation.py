"""The vocabulary of the conversation: what a person said, who they are, and what we answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from unicodedata import normalize

Fact = str | int | bool
"""What a template may be told. Facts are stored, so none of them is ever a secret."""

NOT_A_WORD = re.compile(r"[\W_]+")


class Action(StrEnum):
    """What can be done to an account."""

    RESET = "reset"
    UNLOCK = "unlock"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Account:
    """One account that a text may be about. `key` is the gateway's own id, without meaning here."""

    key: int
    name: str


@dataclass(frozen=True, slots=True)
class Question:
    """What they were asked a moment ago: which of these accounts they want it done for."""

    action: Action
    accounts: tuple[Account, ...]
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind a number that was proved to be theirs, with the accounts they may help."""

    accounts: tuple[Account, ...]
    question: Question | None = None
    is_frozen: bool = False
    """Somebody has said that it was not them, so nothing is done for this number."""


@dataclass(frozen=True, slots=True)
class Text:
    """What was texted, and the same as plain words: `' Reset! '` is `('RESET',)`."""

    body: str

    @property
    def words(self) -> tuple[str, ...]:
        """Upper case, without blanks, punctuation or emoji. Letters of any script stay.

        One spelling for all keyboards: full-width letters become plain, accents are composed.
        """
        plain = normalize("NFKC", self.body).casefold().upper()
        return tuple(NOT_A_WORD.sub(" ", plain).split())


@dataclass(frozen=True, slots=True)
class Say:
    """Answer with a template; no account is touched."""

    template: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Do:
    """Carry out an action on one account, and answer with what came of it."""

    action: Action
    account: Account
    is_guess: bool = False
    """It was not said in so many words: what could do harm is confirmed first."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask which account an action is for, and remember the question."""

    action: Action
    accounts: tuple[Account, ...]
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class Disown:
    """It was not them: whatever is under way ends, and nothing more is done by text."""


@dataclass(frozen=True, slots=True)
class OptOut:
    """The carrier has blocked us at the person's wish (STOP): remember it and stay silent."""


@dataclass(frozen=True, slots=True)
class OptIn:
    """The person wants our texts again (START): remember it; the carrier has answered."""


Answer = Say | Do | Ask | Disown | OptOut | OptIn
