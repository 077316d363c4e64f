"""UNLOCK: the caller's own account is unlocked, and its password stays."""

from __future__ import annotations

from handlers.choose import for_their_account
from handlers.conversation import Action, Answer, Caller, Text

WORDS = ("UNLOCK",)


def answer(text: Text, caller: Caller) -> Answer:  # noqa: ARG001
    return for_their_account(Action.UNLOCK, caller)
