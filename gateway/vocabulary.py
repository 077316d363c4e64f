"""(Until the languages are joined.)"""

from __future__ import annotations

from handlers.vocabulary import Vocabulary


def vocabulary() -> Vocabulary:
    return Vocabulary({})
