"""START and its like: the person wants our texts again after a STOP."""

from __future__ import annotations

from handlers.conversation import Answer, Caller, OptIn, Text
from handlers.reserved import START_WORDS

WORDS = START_WORDS


def answer(text: Text, caller: Caller) -> Answer:  # noqa: ARG001
    """Toll-free numbers don't lift their block for YES; the next text then shows that it stands."""
    return OptIn()
