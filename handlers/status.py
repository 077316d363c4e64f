"""STATUS: how the caller's own account stands; nothing is changed."""

from __future__ import annotations

from handlers.choose import for_their_account
from handlers.conversation import Action, Answer, Caller, Text

WORDS = ("STATUS",)


def answer(text: Text, caller: Caller) -> Answer:  # noqa: ARG001
    return for_their_account(Action.STATUS, caller)
