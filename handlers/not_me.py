"""NOTME: somebody else has texted in their name, so nothing more is done by text."""

from __future__ import annotations

from handlers.conversation import Answer, Caller, Disown, Say
from handlers.meaning import Certainty, Meaning


def answer(meaning: Meaning, caller: Caller) -> Answer:  # noqa: ARG001
    """It takes an operator to undo it, so it is said in so many words."""
    return Disown() if meaning.certainty is Certainty.EXACT else Say("not_me_ask")
