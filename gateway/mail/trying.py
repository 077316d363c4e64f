"""Tries an operator's templates before a mail is written with them: ours stand in for broken ones.

A mail with our words is worth more than none, so nothing stops; but each fault is told by
`resetline doctor` and by every process that starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from jinja2 import TemplateError, TemplateSyntaxError

from gateway.mail import sources
from gateway.mail.samples import LINK, trials
from gateway.mail.sources import FOOTER, FolderInvalid, Place
from gateway.mail.wording import FACTS, NEEDS_LINK, SHARED, NoSubject, Wording
from gateway.templating import FALLBACK_LANGUAGE

log = structlog.get_logger()

_BROKEN: Final = (
    *(TemplateError, NoSubject, ArithmeticError, AttributeError, LookupError),
    *(RecursionError, TypeError, ValueError),
)
"""Whatever a template can raise."""


@dataclass(frozen=True, slots=True)
class Tried:
    """The wording to write mails with, and what is wrong with the operator's folder."""

    wording: Wording
    taken: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def tried(folder: str) -> Tried:
    """With no folder named, what the product says itself."""
    wording = Wording()
    if not folder:
        return Tried(wording)
    try:
        found = sources.theirs(folder)
    except FolderInvalid as error:
        return Tried(wording, faults=(f"TEMPLATES_DIR: {error}",))
    return _taken_over(wording, found)


def told(folder: str) -> Wording:
    """The same for a process that starts: its log tells of each fault."""
    result = tried(folder)
    for fault in result.faults:
        log.error("mail.template_broken", detail=fault)
    return result.wording


def _taken_over(wording: Wording, found: Mapping[str, str]) -> Tried:
    taken, faults = [], []
    for path in sources.in_trial_order(found):
        trial = Wording(_with(wording.templates, path, found[path]))
        if fault := _half(path, found) or _fault(trial, path):
            faults.append(f"{path}: {fault}")
        else:
            wording = trial
            taken.append(path)
    return Tried(wording, tuple(taken), tuple(faults))


def _with(templates: Mapping[str, str], path: str, source: str) -> dict[str, str]:
    """Our HTML of a text that somebody has written anew would go on saying what we said."""
    place = Place.of(path)
    is_text = place and place.kind == "txt" and place.name != FOOTER
    beside = str(place._replace(kind="html")) if place and is_text else ""
    return {name: text for name, text in templates.items() if name != beside} | {path: source}


def _half(path: str, found: Mapping[str, str]) -> str | None:
    """A footer's HTML is not made of its text, so that both have to be there, in one language."""
    place = Place.of(path)
    if place is None or place.name != FOOTER:
        return None
    other = place._replace(kind="html" if place.kind == "txt" else "txt")
    return None if str(other) in found else f"{FOOTER}.{other.kind} is missing beside it"


def _fault(wording: Wording, path: str) -> str | None:
    """What is wrong with one template, in the company of all that were taken before it."""
    place = Place.of(path)
    if place is None and path not in SHARED:
        return "there is no such template: look for a slip in its name"
    if place and place.name not in {*FACTS, FOOTER}:
        return f"there is no mail {place.name!r}; there are {', '.join(FACTS)}"
    if place and place.name != FOOTER and str(place._replace(kind="txt")) not in wording.templates:
        return f"a text is missing beside it: {place.name}.txt"
    names = [place.name] if place and place.name != FOOTER else list(FACTS)
    language = place.language if place else FALLBACK_LANGUAGE
    return next(filter(None, (_objection(wording, name, language) for name in names)), None)


def _objection(wording: Wording, template: str, language: str) -> str | None:
    try:
        return next(filter(None, _without_link(wording, template, language)), None)
    except TemplateSyntaxError as error:
        return f"line {error.lineno}: {error.message}"
    except _BROKEN as error:
        return f"{template} cannot be written with it: {str(error) or type(error).__name__}"


def _without_link(wording: Wording, template: str, language: str) -> Iterator[str | None]:
    """A mail that wants a link to be opened has to hold it, in both of its forms."""
    for facts, brand in trials(template):
        written = wording.write(template, language, facts, brand, "logo.png")
        parts = {"text": written.text, "HTML": written.html}
        for form, part in parts.items():
            lacks = template in NEEDS_LINK and LINK not in part.get_secret_value()
            yield f"the {form} of {template} lacks {{{{ link }}}}" if lacks else None
