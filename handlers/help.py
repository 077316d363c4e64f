"""HELP: who we are, whom to call and how to make it stop, in the words that carriers require."""

from __future__ import annotations

from handlers.conversation import Answer, Caller, Say
from handlers.meaning import Meaning


def answer(meaning: Meaning, caller: Caller) -> Answer:  # noqa: ARG001
    """The same for everybody, whether or not anything is enabled for them."""
    return Say("help")
