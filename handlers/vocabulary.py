"""Understands what people text. (English commands only, until the languages are joined.)"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from handlers.conversation import Text
from handlers.meaning import Certainty, Intent, Meaning
from handlers.reserved import HELP_WORDS, START_WORDS, STOP_WORDS

_EXACT = {
    "RESET": Intent.RESET,
    "UNLOCK": Intent.UNLOCK,
    "STATUS": Intent.STATUS,
    "NOTME": Intent.NOT_ME,
    "NOT ME": Intent.NOT_ME,
    **{" ".join(Text(w).words): Intent.STOP for w in STOP_WORDS},
    **{" ".join(Text(w).words): Intent.START for w in START_WORDS},
    **{" ".join(Text(w).words): Intent.HELP for w in HELP_WORDS},
}


class Vocabulary:
    def __init__(self, languages: Mapping[str, Any]) -> None:
        pass

    def understand(self, text: Text) -> Meaning | None:
        spoken = " ".join(text.words)
        if intent := _EXACT.get(spoken):
            return Meaning(intent, Certainty.EXACT, "en")
        first, _, rest = text.body.strip().partition(" ")
        if rest and " " not in rest and first.upper() in ("RESET", "UNLOCK", "STATUS"):
            return Meaning(Intent(first.lower()), Certainty.EXACT, "en", (rest,))
        if spoken in ("RESTET", "FORGOT PASSWORD"):
            return Meaning(Intent.RESET, Certainty.NEAR, "en")
        if spoken == "UNLOK":
            return Meaning(Intent.UNLOCK, Certainty.NEAR, "en")
        return None
