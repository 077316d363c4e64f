"""What a text can mean, and how sure we are of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Intent(StrEnum):
    """What somebody can want of us by text."""

    RESET = "reset"
    UNLOCK = "unlock"
    STATUS = "status"
    HELP = "help"
    NOT_ME = "not_me"
    STOP = "stop"
    START = "start"


class Certainty(StrEnum):
    """EXACT: the text is a command and nothing else. NEAR: it was mistyped, or is plain talk."""

    EXACT = "exact"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text means. `language` is the one whose words were met, English before all others."""

    intent: Intent
    certainty: Certainty
    language: str
    choice: tuple[str, ...] = ()
    """What stands behind an exact command: which of the person's accounts it is for."""


OURS: Final = (Intent.RESET, Intent.UNLOCK, Intent.STATUS, Intent.HELP, Intent.NOT_ME)
"""What has its words in each language; STOP and START are the carriers' words alone."""

WITH_A_CHOICE: Final = frozenset({Intent.RESET, Intent.UNLOCK, Intent.STATUS})
