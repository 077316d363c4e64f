"""Which of a caller's accounts a wish is for."""

from __future__ import annotations

from collections.abc import Sequence

from handlers import unknown
from handlers.conversation import Account, Action, Answer, Ask, Caller, Do, Text
from handlers.meaning import Certainty, Meaning

MOST_DIGITS = 2


def for_their_account(action: Action, meaning: Meaning, caller: Caller) -> Answer:
    """Act on the only account there is. With several we never guess: it could be another's."""
    if not caller.accounts:
        return unknown.answer(caller)
    if meaning.choice:
        chosen = _chosen(meaning.choice[0], caller)
    else:
        chosen = caller.accounts[0] if len(caller.accounts) == 1 else None
    is_guess = meaning.certainty is Certainty.NEAR
    if chosen is None:
        return Ask(action, caller.accounts, is_guess=is_guess)
    return Do(action, chosen, is_guess=is_guess)


def replied(text: Text, caller: Caller) -> Answer | None:
    """The answer to what they were asked a moment ago: `2`, or the name of the account."""
    said = text.body.strip().strip(".!\"'")
    question = caller.question
    if question is None or not said:
        return None
    account = _chosen(said, caller)
    return Do(question.action, account, is_guess=question.is_guess) if account else None


def _chosen(said: str, caller: Caller) -> Account | None:
    """By its place in the list that they were sent, or by its name; None where it is neither."""
    offered = caller.question.accounts if caller.question else caller.accounts
    if said.isascii() and said.isdigit() and len(said) <= MOST_DIGITS:
        return offered[int(said) - 1] if 0 < int(said) <= len(offered) else None
    return _named(said, offered)


def _named(said: str, offered: Sequence[Account]) -> Account | None:
    """Two accounts of one name, in two organizations, are told apart by their places alone."""
    found = [each for each in offered if each.name.casefold() == said.casefold()]
    return found[0] if len(found) == 1 else None
