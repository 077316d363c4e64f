"""The plain answer to anything that is not a word of ours."""

from __future__ import annotations

from handlers.conversation import Answer, Caller, Say, Text


def answer(text: Text, caller: Caller) -> Answer:  # noqa: ARG001
    """Whoever can't be helped by text is told so, and is not taught words that won't work."""
    return Say("unknown" if caller.accounts else "not_enabled")
