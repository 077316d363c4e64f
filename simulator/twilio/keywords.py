"""The words that Twilio itself answers by default: STOP, START, HELP and their kin."""

from __future__ import annotations

import re
from enum import StrEnum


class Keyword(StrEnum):
    """What Twilio understands; with Advanced Opt-Out the webhook is told it as `OptOutType`."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


WORDS: dict[str, Keyword] = {
    **dict.fromkeys(
        ("STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"),
        Keyword.STOP,
    ),
    **dict.fromkeys(("START", "UNSTOP", "YES"), Keyword.START),
    **dict.fromkeys(("HELP", "INFO"), Keyword.HELP),
}

REPLIES: dict[Keyword, str] = {
    Keyword.STOP: "You have successfully been unsubscribed. You will not receive any more "
    "messages from this number. Reply START to resubscribe.",
    Keyword.START: "You have successfully been re-subscribed to messages from this number. "
    "Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    Keyword.HELP: "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}

ONE_TIME_CODE = re.compile(r"\s*\d{4,8}\s*")


def read(body: str) -> Keyword | None:
    """Only a whole message of one word counts: `STOP PLEASE` is an ordinary text."""
    return WORDS.get(body.strip().upper())


def is_filtered(body: str) -> bool:
    """Twilio fails a one-time code that is texted *to* its numbers (30038)."""
    return ONE_TIME_CODE.fullmatch(body) is not None
