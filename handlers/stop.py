"""STOP and its like: the carrier has blocked us already, and we take the person at their word."""

from __future__ import annotations

from handlers.conversation import Answer, Caller, OptOut
from handlers.meaning import Meaning


def answer(meaning: Meaning, caller: Caller) -> Answer:  # noqa: ARG001
    """Also where this carrier doesn't know the word: whoever writes it wants no more texts."""
    return OptOut()
