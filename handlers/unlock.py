"""UNLOCK: the caller's own account is unlocked, and its password stays."""

from __future__ import annotations

from handlers.choose import for_their_account
from handlers.conversation import Action, Answer, Caller
from handlers.meaning import Meaning


def answer(meaning: Meaning, caller: Caller) -> Answer:
    return for_their_account(Action.UNLOCK, meaning, caller)
