"""What we write in mails: a template's first line is the subject, all the rest the body."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway import templating
from handlers.conversation import Fact

FACTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "password_untold": (),
        "password_untold_msp": ("username", "request", "when", "reason"),
        "one_time_password_expired": (),
        "test": (),
    }
)
"""Every template, and what it is told beside ALWAYS. No password or code is ever a fact."""

_SUBJECT: Final = "Subject: "


class NoSubject(Exception):
    """A template does not begin with its subject; the text names the template."""


def render(template: str, language: str, facts: Mapping[str, Fact]) -> tuple[str, str]:
    """The subject and the body, in `language` or in English."""
    templating.refuse_wrong(template, facts, FACTS)
    told = {name: _on_one_line(fact) for name, fact in facts.items()}
    first, _, rest = templating.filled("email", template, language, told).partition("\n")
    if not first.startswith(_SUBJECT):
        raise NoSubject(f"template {template!r} does not begin with {_SUBJECT!r}")
    return first.removeprefix(_SUBJECT).strip(), rest.strip("\n") + "\n"


def _on_one_line(fact: Fact) -> Fact:
    """No fact begins a line of its own: a name could otherwise write half of the mail."""
    return " ".join(fact.split()) if isinstance(fact, str) else fact
