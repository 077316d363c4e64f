"""One text as it came through the door, what we made of it, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.engine.doorbell import JobName
from gateway.limits import Verdict
from gateway.phones import PhoneNumber
from gateway.records.about import About
from gateway.templating import FALLBACK_LANGUAGE
from handlers.conversation import Text
from handlers.meaning import Certainty, Meaning


class OptOutType(StrEnum):
    """Twilio's Advanced Opt-Out names these; it has answered the person already."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


@dataclass(frozen=True, slots=True)
class InboundText:
    """One text as it came through the door, its shape already proved."""

    sid: str
    sender: PhoneNumber
    our_number: str
    """The number or Messaging Service that was texted; the answer leaves from it."""
    body: str
    opt_out_type: OptOutType | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What can be said of a text before anybody looks whose number it is."""

    text: InboundText
    indexes: Sequence[str]
    """Of its number, one for each key; the first is the newest's."""
    meaning: Meaning | None
    verdict: Verdict
    """Whether this number may text so much."""
    now: datetime

    @property
    def language(self) -> str:
        """The one that was texted in. A single word with a slip in it could be of several."""
        is_clear = self.meaning and self.meaning.certainty is Certainty.EXACT
        if self.meaning and (is_clear or len(self.words.words) > 1):
            return self.meaning.language
        return FALLBACK_LANGUAGE

    @property
    def words(self) -> Text:
        return Text(self.text.body)


@dataclass(frozen=True, slots=True)
class Ring:
    """What a worker has to be told once the transaction is committed."""

    job: JobName
    row_id: int


@dataclass(frozen=True, slots=True)
class Handled:
    """What came of a text: kept in place of its words."""

    outcome: str
    ring: Ring | None = None
    request_id: int | None = None
    wrong_for: Sequence[About] = ()
    """Whose word it was not: counted once this is committed."""
    stranger_template: str = ""
    """What a number that is nobody's may be told, if it is not told too often."""
