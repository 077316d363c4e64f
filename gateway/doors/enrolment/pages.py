"""Makes the pages: words from a language's folder in one frame, in somebody's brand or in ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

import phonenumbers
from flask import Response, request
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup
from phonenumbers import PhoneNumberFormat

from gateway import consent, templating
from gateway.branding import Brand
from gateway.carriers import OurLine
from gateway.doors.enrolment import guard, looks
from gateway.doors.enrolment.card import as_picture
from gateway.doors.enrolment.countries import countries, name_of
from gateway.engine.enrolment.refusals import StepRefused
from gateway.engine.enrolment.visits import Visit
from gateway.policy import EnrolProof
from gateway.records.invitations import Purpose
from gateway.templating import FALLBACK_LANGUAGE

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Robots-Tag": "noindex, nofollow",
}


class Typed(NamedTuple):
    """What somebody had filled in, so that it need not be typed anew. Never a secret."""

    number: str = ""
    country: str = ""
    agrees: bool = False


@dataclass(frozen=True)
class Pages:
    """Renders pages. Whatever they show of a person or a number is masked or their own."""

    public_url: str
    line: OurLine
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
            "name": masked_name(visit.display_name),
            "username": masked_username(visit.username),
            "number": _spoken(visit.number.e164) if visit.number else "",
            "ending": visit.number.e164[-4:] if visit.number else "",
            "changes": visit.purpose is Purpose.NEW_NUMBER,
            "identifies": visit.policy.enrol_proof is EnrolProof.DIRECTORY_PASSWORD,
            "path": lambda name: self._path(token, name),
            "contact": lambda: Markup(as_picture(visit.brand, self.line)),  # noqa: S704  (ours)
            "countries": lambda: countries(visit.country, visit.language),
            "country_name": lambda code: name_of(code, visit.language),
            "consent": consent.words(visit.brand.organization),
            "wording": consent.CURRENT,
            "typed": _typed() if refused else Typed(),
            **facts,
        }
        return self._page(page, visit.language, status, told)

    def plain(self, page: str, status: int = 200, **facts: Any) -> Response:
        """A page that knows of nobody."""
        return self._page(page, FALLBACK_LANGUAGE, status, {"brand": Brand(), **facts})

    def dead(self, token: str, refused: StepRefused | None = None, status: int = 200) -> Response:
        """For every link that does not work, whatever the reason, the very same page.

        Also the status is that of a page that works: an answer tells nothing but its words.
        """
        told = {"brand": Brand(), "refused": refused, "path": lambda name: self._path(token, name)}
        return self._page("dead", FALLBACK_LANGUAGE, status, told)

    def _page(self, page: str, language: str, status: int, told: dict[str, Any]) -> Response:
        names = [f"{tongue}/{page}.html" for tongue in templating.languages(language)]
        frame: dict[str, Any] = {
            "refused": None,
            "csrf": guard.token,
            "here": self._here,
            "style": self.prefix + looks.style_of(told["brand"]),
            "our_number": self.line.number,
            "our_number_spoken": _spoken(self.line.number),
        }
        template = _environment().select_template(names)
        frame["lang"] = str(template.name).partition("/")[0]
        html = template.render(frame | told)
        return Response(html, status, HEADERS, content_type="text/html; charset=utf-8")

    def _path(self, token: str, page: str) -> str:
        return f"{self.prefix}/activate/{quote(token, safe='')}" + (f"/{page}" if page else "")

    def _here(self, name: str) -> str:
        """A public path of ours."""
        known = name in looks.KINDS
        return (
            f"{self.prefix}/static/{looks.digest_of(name)}/{name}" if known else self.prefix + name
        )


def _typed() -> Typed:
    form = request.form
    country = form.get("country", "")[:2]
    return Typed(form.get("number", "")[:40], country, form.get("agrees") == "yes")


def masked_name(display_name: str) -> str:
    """`Nina Alvarez` becomes `Nina A.`: enough for her, little for whoever looks on."""
    first, *others = display_name.split() or [""]
    return " ".join([first, *(f"{each[0]}." for each in others[-1:])]).strip()


def masked_username(username: str) -> str:
    """`nina.alvarez` becomes `ni…ez`."""
    return f"{username[:2]}…{username[-2:]}" if len(username) > 5 else f"{username[:1]}…"


def _spoken(e164: str) -> str:
    """As people of its country write it, after the country's code."""
    if not e164:
        return ""
    number = phonenumbers.parse(e164, None)
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


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
