"""What we text: finds a template in the person's language and fills in the facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined

from gateway.segments import Encoding, count, to_gsm7
from handlers.conversation import Fact

FALLBACK_LANGUAGE: Final = "en"

ALWAYS: Final = ("organization", "support")
"""Every template is told these; `support` may be empty."""

FACTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "reset_done": ("password",),
        "reset_done_kept": ("password",),
        "reset_done_locked": ("password",),
        "reset_uncertain": ("password",),
        "unlock_done": (),
        "unlock_not_locked": (),
        "unlock_still_locked": (),
        "unlock_uncertain": (),
        "status_fine": ("expires",),
        "status_locked": ("since",),
        "status_must_change": (),
        "status_expired": (),
        "status_refused": (),
        "refused": (),
        "failed": (),
        "stale": (),
        "busy": ("action",),
        "not_enabled": (),
        "several_accounts": (),
        "help": (),
        "unknown": (),
    }
)
"""Every template, and what it is told beside ALWAYS. Times come as words, or empty if unknown."""

LONGEST: Final[Mapping[str, int]] = MappingProxyType(
    {
        "organization": 30,
        "support": 20,
        "password": 40,
        "expires": 20,
        "since": 20,
        "action": 6,
    }
)
"""Septets for which every template fits one segment. All facts but a password are cut to them."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")


class TemplateUnknown(Exception):
    """There is no template of that name; the text names those that there are."""


class FactsWrong(Exception):
    """A template lacks a fact, or is told one that it has no place for; the text names it."""


class DoesNotFit(Exception):
    """A text takes more than one segment, or letters that GSM-7 lacks. It is not quoted."""


def render(template: str, language: str, facts: Mapping[str, Fact]) -> str:
    """The text to send: in `language` or in English, and one segment at the longest facts.

    Only a password longer than its limit, which a domain may ask for, makes it longer.
    """
    _refuse_wrong(template, facts)
    names = [f"{tongue}/{template}" for tongue in _languages(language)]
    told = {name: _plain(name, fact) for name, fact in facts.items()}
    return _environment().select_template(names).render(told)


def needs_password(template: str) -> bool:
    return "password" in FACTS.get(template, ())


def templates_of(language: str) -> tuple[str, ...]:
    """The names of the templates that are written in this very language, in order."""
    if not _LANGUAGE.fullmatch(language):
        return ()
    folder = files("templates").joinpath("sms", language)
    names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    return tuple(sorted(name.removesuffix(".txt") for name in names))


def check_fits(text: str) -> None:
    """Raises DoesNotFit where the text would not travel as one GSM-7 segment."""
    size = count(text)
    if size.encoding is not Encoding.GSM_7 or size.parts > 1:
        raise DoesNotFit(f"the text takes {size.units} units of {size.encoding}, in {size.parts}")


def _refuse_wrong(template: str, facts: Mapping[str, Fact]) -> None:
    if template not in FACTS:
        raise TemplateUnknown(f"no template {template!r}; there are {', '.join(FACTS)}")
    expected = {*ALWAYS, *FACTS[template]}
    if missing := expected - facts.keys():
        raise FactsWrong(f"template {template!r} needs {', '.join(sorted(missing))}")
    if unknown := facts.keys() - expected:
        raise FactsWrong(f"template {template!r} has no place for {', '.join(sorted(unknown))}")


def _languages(language: str) -> Iterator[str]:
    """From the nearest to English. What isn't a language's code is never looked up as a file."""
    if _LANGUAGE.fullmatch(language):
        yield language
        yield language.partition("-")[0]
    yield FALLBACK_LANGUAGE


def _plain(name: str, fact: Fact) -> Fact:
    """A fact on one line, in GSM-7 and no longer than allowed. A password is left as it is."""
    if name == "password" or not isinstance(fact, str):
        return fact
    letters = " ".join(to_gsm7(fact).split())
    while count(letters).units > LONGEST[name]:
        letters = letters[:-1]
    return letters.rstrip()


@cache
def _environment() -> Environment:
    """Texts are plain, not HTML: escaping would spoil names and passwords."""
    return Environment(
        loader=FunctionLoader(_source),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
    )


def _source(name: str) -> str | None:
    """Read through the package, so that it works from a wheel and from any folder."""
    path = files("templates").joinpath("sms", f"{name}.txt")
    return path.read_text(encoding="utf-8") if path.is_file() else None
