"""What we text: finds a template in the person's language and fills in the facts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway import templating
from gateway.segments import Encoding, count, to_gsm7
from gateway.templating import ALWAYS, FALLBACK_LANGUAGE, FactsWrong, TemplateUnknown
from handlers.conversation import Fact

__all__ = [
    "ALWAYS",
    "CHATTER",
    "FACTS",
    "FALLBACK_LANGUAGE",
    "LONGEST",
    "SAYS_WHOM_TO_CALL",
    "TO_OPTED_OUT",
    "TO_UNVERIFIED",
    "DoesNotFit",
    "FactsWrong",
    "TemplateUnknown",
    "check_fits",
    "languages",
    "needs_code",
    "needs_password",
    "needs_word",
    "render",
    "templates_of",
]

FACTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "reset_done": ("password", "minutes"),
        "reset_done_kept": ("password",),
        "reset_done_locked": ("password", "unlock"),
        "reset_uncertain": ("password",),
        "unlock_done": ("reset",),
        "unlock_not_locked": ("reset",),
        "unlock_still_locked": (),
        "unlock_uncertain": (),
        "status_fine": ("expires",),
        "status_locked": ("since", "unlock", "reset"),
        "status_must_change": ("reset",),
        "status_expired": ("reset",),
        "status_refused": (),
        "refused": (),
        "reset_off": (),
        "reset_held": ("until", "unlock"),
        "lookup_refused": (),
        "unlock_off": (),
        "no_email": (),
        "failed": (),
        "stale": (),
        "one_time_expired": (),
        "busy": ("action",),
        "not_enabled": (),
        "frozen": (),
        "several_accounts": ("command", "accounts"),
        "confirm": ("word", "account"),
        "wrong_word": (),
        "word_ended": (),
        "word_late": (),
        "limit_reached": ("until",),
        "texts_spent": (),
        "not_me_done": (),
        "not_me_ask": (),
        "approval_needed": (),
        "account_disabled": (),
        "stopped": (),
        "started": (),
        "stranger": (),
        "help": (),
        "unknown": (),
        "code": ("code", "host"),
        "enrolled": (),
        "number_replaced": (),
    }
)
"""Every template, and what it is told beside ALWAYS. Times come as words, or empty if unknown.

`unlock` and `reset` tell whether these words may be texted.
"""

UNSAID: Final[Mapping[str, Fact]] = MappingProxyType({"minutes": 30, "unlock": True, "reset": True})
"""What an answer leaves out that the version before has written, and this one sends."""

LONGEST: Final[Mapping[str, int]] = MappingProxyType(
    {
        "organization": 30,
        "support": 20,
        "password": 40,
        "expires": 20,
        "since": 20,
        "until": 20,
        "minutes": 4,
        "unlock": 2,
        "reset": 2,
        "action": 6,
        "code": 6,
        "host": 40,
        "word": 10,
        "account": 20,
        "accounts": 60,
        "command": 6,
    }
)
"""Septets for which every template fits one segment. All facts but a password are cut to them."""


class DoesNotFit(Exception):
    """A text takes more than one segment, or letters that GSM-7 lacks. It is not quoted."""


def render(template: str, language: str, facts: Mapping[str, Fact]) -> str:
    """The text to send: in `language` or in English, and one segment at the longest facts.

    Only a password longer than its limit, which a domain may ask for, makes it longer.
    """
    unsaid = {name: UNSAID[name] for name in FACTS.get(template, ()) if name in UNSAID}
    facts = {**unsaid, **facts}
    templating.refuse_wrong(template, facts, FACTS)
    told = {name: _plain(name, fact) for name, fact in facts.items()}
    return templating.filled("sms", template, language, told)


SAYS_WHOM_TO_CALL: Final = frozenset({"help", "failed", "not_enabled", "frozen", "not_me_ask"})
"""What may be said once without being counted, while nobody can count."""

CHATTER: Final = frozenset(
    {
        "busy",
        "failed",
        "frozen",
        "help",
        "limit_reached",
        "not_enabled",
        "not_me_ask",
        "not_me_done",
        "several_accounts",
        "started",
        "stopped",
        "unknown",
        "word_ended",
        "word_late",
        "wrong_word",
    }
)
"""What is said without a request: anybody who can forge a sender can provoke it."""

TO_OPTED_OUT: Final = frozenset({"stopped"})
"""What carriers ask for: that somebody is out, is the last that they hear."""

TO_UNVERIFIED: Final = frozenset({"code", "number_replaced", "not_me_done"})
"""What may be texted to a number that is nobody's yet, or not anybody's any more."""


def needs_code(template: str) -> bool:
    return "code" in FACTS.get(template, ())


def needs_word(template: str) -> bool:
    return "word" in FACTS.get(template, ())


def needs_password(template: str) -> bool:
    return "password" in FACTS.get(template, ())


def templates_of(language: str) -> tuple[str, ...]:
    """The names of the texts that are written in this very language, in order."""
    return templating.templates_of("sms", language)


def languages() -> tuple[str, ...]:
    """Those that texts are written in, in order."""
    return templating.languages_of("sms")


def check_fits(text: str) -> None:
    """Raises DoesNotFit where the text would not travel as one GSM-7 segment."""
    size = count(text)
    if size.encoding is not Encoding.GSM_7 or size.parts > 1:
        raise DoesNotFit(f"the text takes {size.units} units of {size.encoding}, in {size.parts}")


def _plain(name: str, fact: Fact) -> Fact:
    """A fact on one line, in GSM-7 and no longer than allowed. A password is left as it is."""
    if name == "password" or not isinstance(fact, str):
        return fact
    letters = " ".join(to_gsm7(fact).split())
    while count(letters).units > LONGEST[name]:
        letters = letters[:-1]
    return letters.rstrip()
