"""START and its like: the person wants our texts again after a STOP."""

from __future__ import annotations

from handlers.conversation import Answer, Caller, OptIn
from handlers.meaning import Meaning


def answer(meaning: Meaning, caller: Caller) -> Answer:  # noqa: ARG001
    """Toll-free numbers don't lift their block for YES; the next text then shows that it stands."""
    return OptIn()
