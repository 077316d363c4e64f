"""RESET: a one-time password for the caller's own account."""

from __future__ import annotations

from handlers.choose import for_their_account
from handlers.conversation import Action, Answer, Caller, Text

WORDS = ("RESET",)


def answer(text: Text, caller: Caller) -> Answer:  # noqa: ARG001
    return for_their_account(Action.RESET, caller)
