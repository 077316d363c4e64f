"""Makes the pages: words from a language's folder in one frame, in somebody's brand or in ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote, urlsplit

from flask import Response, request
from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from gateway import consent, templating
from gateway.branding import Brand
from gateway.carriers import OurLine
from gateway.doors.enrolment import forms, guard, looks, shown
from gateway.doors.enrolment.card import contact_card, drawn
from gateway.doors.enrolment.countries import countries, name_of
from gateway.engine.enrolment.budgets import pause_left
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Visit
from gateway.policy import EnrolProof
from gateway.records.invitations import Purpose
from gateway.templating import FALLBACK_LANGUAGE
from gateway.worth_texting import words_to_text

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {"Content-Security-Policy": POLICY, "X-Robots-Tag": "noindex, nofollow"}
WITH_SCRIPT: Final = {**HEADERS, "Content-Security-Policy": f"{POLICY}; script-src 'self'"}
SCRIPTED: Final = frozenset({"code"})
"""Pages that are handier with a script; none needs it."""

FIELD_OF: Final[Mapping[str, Mapping[Reason, str]]] = {
    "number": {
        **dict.fromkeys((Reason.NUMBER_WRONG, Reason.NUMBER_KEPT, Reason.NUMBER_SHARED), "number"),
        **dict.fromkeys((Reason.NUMBER_STOPPED, Reason.COUNTRY_CLOSED), "number"),
        Reason.NO_CONSENT: "agrees",
    },
    "code": dict.fromkeys((Reason.CODE_SHAPE, Reason.CODE_WRONG), "code"),
    "password": dict.fromkeys((Reason.PASSWORD_EMPTY, Reason.PASSWORD_WRONG), "password"),
}
"""Beside which field of a page a refusal is said; any other is said above the form."""

SOON_SECONDS: Final = 30
"""After which to try again, where nobody can say it better."""


@dataclass(frozen=True)
class Pages:
    """Renders pages. Whatever they show of a person or a number is masked or their own."""

    public_url: str
    line: OurLine
    now: Callable[[], datetime]
    prefix: str = field(init=False)
    """What stands before our paths where PUBLIC_URL has a path."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "prefix", urlsplit(self.public_url).path.rstrip("/"))

    def go(self, token: str, page: str) -> Response:
        """To another page, by GET."""
        return Response(status=303, headers={"Location": self._path(token, page), **HEADERS})

    def shown(
        self,
        page: str,
        token: str,
        visit: Visit,
        status: int = 200,
        *,
        refused: StepRefused | None = None,
        **facts: Any,
    ) -> Response:
        """A page of somebody whose link works."""
        told = {
            "visit": visit,
            "brand": visit.brand,
            "refused": refused,
            "wrong": FIELD_OF.get(page, {}).get(refused.reason, "") if refused else "",
            "name": shown.masked_name(visit.display_name),
            "username": shown.masked_username(visit.username),
            "changes": visit.purpose is Purpose.NEW_NUMBER,
            "identifies": visit.policy.enrol_proof is EnrolProof.DIRECTORY_PASSWORD,
            "path": lambda name: self._path(token, name),
            "contact": lambda: Markup(drawn(self.contact(visit, short=True))),  # noqa: S704  (ours)
            "countries": lambda: countries(_open_countries(visit), visit.language),
            "country_name": lambda code: name_of(code, visit.language),
            "open_countries": _open_countries(visit),
            "consent": consent.words(visit.brand.organization),
            "wording": consent.CURRENT,
            "typed": forms.typed(visit),
            "words": words_to_text(visit.policy),
            "terms": visit.brand.terms_url or self._path(token, "terms"),
            "privacy": visit.brand.privacy_url or self._path(token, "privacy"),
            **self._of_the_number(visit),
            **facts,
        }
        return self._page(page, visit.language, status, told)

    def plain(self, page: str, status: int = 200, **facts: Any) -> Response:
        """A page that knows of nobody."""
        return self._page(page, _asked_language(), status, {"brand": Brand(), **facts})

    def dead(self, refused: StepRefused | None = None, status: int = 200) -> Response:
        """For every link that does not work, whatever the reason, the very same bytes.

        Also the status is that of a page that works: an answer tells nothing but its words. Its
        form goes to where it is, or beside it, so that not even the link stands in it.
        """
        action = "fresh" if request.path.count("/") > len(("", "activate")) else ""
        return self.plain("dead", status, refused=refused, action=action)

    def contact(self, visit: Visit, *, short: bool = False) -> str:
        """Our number as a contact, in somebody's language; a camera reads a short one better."""
        facts = {"brand": visit.brand, "words": words_to_text(visit.policy)}
        name, *notes = _found("contact.txt", visit.language).render(facts).splitlines()
        note = "" if short else " ".join(notes)
        return contact_card(name, visit.brand.organization, self.line.number, note)

    def _of_the_number(self, visit: Visit) -> dict[str, Any]:
        if visit.number is None:
            return {"number": "", "country": "", "ending": "", "minutes_left": 0, "wait_seconds": 0}
        now = self.now()
        return {
            "number": shown.national(visit.number),
            "country": shown.its_country(visit.number, visit.language),
            "ending": shown.ending(visit.number),
            "minutes_left": shown.minutes_until(visit.code_until, now),
            "wait_seconds": pause_left(visit.sent_at, now) if visit.sent_at else 0,
        }

    def _page(self, page: str, language: str, status: int, told: dict[str, Any]) -> Response:
        frame: dict[str, Any] = {
            "refused": None,
            "wrong": "",
            "csrf": guard.token,
            "here": self._here,
            "terms": self._here("/terms"),
            "privacy": self._here("/privacy"),
            "style": self.prefix + looks.style_of(told["brand"]),
            "our_number": self.line.number,
            "our_number_spoken": shown.international(self.line.number),
        }
        template = _found(f"{page}.html", language)
        frame["lang"] = str(template.name).partition("/")[0]
        headers = dict(WITH_SCRIPT if page in SCRIPTED else HEADERS)
        if status in {429, 503}:
            refused = told.get("refused")
            headers["Retry-After"] = str((refused and refused.seconds) or SOON_SECONDS)
        html = template.render(frame | told)
        return Response(html, status, headers, content_type="text/html; charset=utf-8")

    def _path(self, token: str, page: str) -> str:
        return f"{self.prefix}/activate/{quote(token, safe='')}" + (f"/{page}" if page else "")

    def _here(self, name: str) -> str:
        """A public path of ours."""
        known = name in looks.KINDS
        return (
            f"{self.prefix}/static/{looks.digest_of(name)}/{name}" if known else self.prefix + name
        )


def _open_countries(visit: Visit) -> Sequence[str]:
    """By their codes, the organization's own first."""
    open_ones = visit.policy.open_countries(visit.country)
    return sorted(open_ones, key=lambda code: code != visit.country)


def _found(name: str, language: str) -> Template:
    tongues = templating.languages(language)
    return _environment().select_template([f"{tongue}/{name}" for tongue in tongues])


def _asked_language() -> str:
    """For who is not known: what their browser asks for, where we have it."""
    return request.accept_languages.best_match(_languages()) or FALLBACK_LANGUAGE


@cache
def _languages() -> tuple[str, ...]:
    folders = files("templates").joinpath("web").iterdir()
    return tuple(sorted(each.name for each in folders if each.joinpath("frame.html").is_file()))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_source),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _source(name: str) -> str | None:
    """Read through the package, so that it works from a wheel and from any folder."""
    path = files("templates").joinpath("web", *name.split("/"))
    return path.read_text(encoding="utf-8") if path.is_file() else None
