"""What just happened, in one plain sentence for each event of the carrier and of the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from simulator.phone.signing_in import NOTES, Outcome
from simulator.twilio.journal import Event, Kind

GOOD, BAD, QUIET = "good", "bad", "quiet"


@dataclass(frozen=True, slots=True)
class Line:
    """`where` is whose doing it was, and begins the sentence; `tone` colours its dot."""

    id: int
    at: datetime
    where: str
    words: str
    tone: str = QUIET


Facts = dict[str, str | int]
Words = tuple[str, str, str]
Wording = Callable[[Facts], Words]


def lines(events: Iterable[Event]) -> list[Line]:
    """An event without a sentence of its own is not shown."""
    found = ((event, _wording(event)) for event in events)
    return [Line(event.id, event.at, *words) for event, words in found if words]


def _wording(event: Event) -> Words | None:
    wording = WORDINGS.get(event.kind)
    return wording(dict(event.facts)) if wording else None


def _status(facts: Facts) -> Words:
    words = {
        "accepted": ("took an answer from the gateway", QUIET),
        "queued": ("has the answer in its queue", QUIET),
        "sending": ("is sending it", QUIET),
        "sent": ("handed it to the mobile network", QUIET),
        "delivered": ("delivered it to the phone", GOOD),
        "undelivered": (f"could not deliver it ({facts.get('code')})", BAD),
        "failed": (f"did not send it ({facts.get('code')})", BAD),
    }
    return ("Twilio", *words.get(str(facts["status"]), (str(facts["status"]), QUIET)))


def _webhook(facts: Facts) -> Words:
    return "Gateway", f"took the text: {_answer(facts)}", GOOD


def _webhook_failed(facts: Facts) -> Words:
    return "Gateway", f"did not take the text: {_answer(facts)}", BAD


def _callback(facts: Facts) -> Words:
    return "Gateway", f"heard that it is {facts['status']}: {_answer(facts)}", QUIET


def _callback_failed(facts: Facts) -> Words:
    return "Gateway", f"could not be told that it is {facts['status']}: {_answer(facts)}", BAD


def _answer(facts: Facts) -> str:
    return f"{facts.get('answer') or 'no answer'} in {facts['milliseconds']} ms"


def _sign_in(facts: Facts) -> Words:
    outcome = Outcome(str(facts["outcome"]))
    return "Windows", NOTES[outcome], GOOD if outcome is Outcome.WELCOME else QUIET


def _said(where: str, words: str, tone: str = QUIET) -> Wording:
    return lambda _facts: (where, words, tone)


WORDINGS: dict[Kind, Wording] = {
    Kind.TEXTED: _said("Phone", "sent a text"),
    Kind.WEBHOOK: _webhook,
    Kind.WEBHOOK_FAILED: _webhook_failed,
    Kind.STATUS: _status,
    Kind.CALLBACK: _callback,
    Kind.CALLBACK_FAILED: _callback_failed,
    Kind.REDACTED: _said("Twilio", "forgot what the text said, as the gateway asked", GOOD),
    Kind.DELETED: _said("Twilio", "deleted the text, as the gateway asked", GOOD),
    Kind.REFUSED: lambda facts: ("Twilio", f"refused an answer ({facts['code']})", BAD),
    Kind.FILTERED: _said("Twilio", "filtered the text: it looks like a one-time code", BAD),
    Kind.OPTED_OUT: _said("Twilio", "lets no more answers through, after STOP", BAD),
    Kind.OPTED_IN: _said("Twilio", "lets answers through again", GOOD),
    Kind.SIGN_IN: _sign_in,
    Kind.NEW_PASSWORD: _said("Windows", "took a new password that only they know", GOOD),
    Kind.WRONG_TRIES: _said("Windows", "was given wrong passwords", BAD),
    Kind.MAILED: _said("Mail", "came from the gateway and is in the inbox", GOOD),
    Kind.MAIL_OPENED: _said("Mail", "was opened"),
}
