"""The plain answer to anything that is not a word of ours."""

from __future__ import annotations

from handlers.conversation import Answer, Caller, Say


def answer(caller: Caller) -> Answer:
    """Whoever can't be helped by text is told so, and is not taught words that won't work."""
    if caller.accounts:
        return Say("unknown")
    return Say("frozen" if caller.is_frozen else "not_enabled")
