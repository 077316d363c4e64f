"""What we write in mails: a text with its subject in the first line, and the same as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import phonenumbers
from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape
from pydantic import SecretStr

from gateway import templating
from gateway.branding import NIGHT, Brand
from gateway.mail import sources
from gateway.mail.sources import FOOTER, LAYOUT, PIECES, PLAIN, Place
from gateway.templating import FALLBACK_LANGUAGE
from handlers.conversation import Fact

_INVITING: Final = ("display_name", "username", "expires", "asks_password", "link")

FACTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "activation": (*_INVITING, "words"),
        "activation_reminder": _INVITING,
        "activation_again": _INVITING,
        "enrolled": ("display_name", "username", "number", "our_number", "words"),
        "number_changed": ("display_name", "username", "number", "hours", "unlock"),
        "number_changed_msp": ("username", "number", "when"),
        "approval_waits_msp": ("username", "number"),
        "password_reset": ("when", "certain"),
        "password_reset_msp": ("username", "request", "when", "certain"),
        "account_unlocked": ("when",),
        "not_me_msp": ("username", "when"),
        "sim_swapped": ("when",),
        "sim_swapped_msp": ("username", "request", "when"),
        "password_untold": (),
        "password_untold_msp": ("username", "request", "when", "reason"),
        "one_time_password_expired": (),
        "test": (),
    }
)
"""Every mail, and what it is told beside its brand. No password or code is ever a fact."""

NEEDS_LINK: Final = frozenset(name for name, facts in FACTS.items() if "link" in facts)
"""These tell a link that is a secret: it is made when they are sent, and kept nowhere."""

_ALL_WORDS: Final = "RESET UNLOCK STATUS HELP"
UNSAID: Final[Mapping[str, Mapping[str, Fact]]] = MappingProxyType(
    {
        "activation": {"words": _ALL_WORDS},
        "enrolled": {"words": _ALL_WORDS},
        "approval_waits_msp": {"number": ""},
        "number_changed": {"unlock": False},
    }
)
"""What a mail leaves out that the version before has written, and this one sends."""

SHARED: Final = frozenset({LAYOUT, PIECES, PLAIN})

_SUBJECT: Final = "Subject: "
_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur", "yi"})
_SHOWN_WIDTH, _SHOWN_HEIGHT = 220, 64
_LONGEST_PREVIEW: Final = 140


class NoSubject(Exception):
    """A template does not begin with its subject; the text names the template."""


@dataclass(frozen=True, slots=True)
class Written:
    """A mail as it is sent. It may hold a link that is a secret, so it is never printed."""

    subject: SecretStr
    text: SecretStr
    html: SecretStr


@dataclass(frozen=True, slots=True)
class ShownLogo:
    """A logo in a mail: `src` is a part of the mail, or a file beside it."""

    src: str
    width: int
    height: int
    of: str


class Wording:
    """Writes mails, in somebody's language or in English."""

    def __init__(self, templates: Mapping[str, str] | None = None) -> None:
        self.templates = dict(sources.ours() if templates is None else templates)
        self._environment = Environment(
            loader=DictLoader(self.templates),
            undefined=StrictUndefined,
            autoescape=select_autoescape(enabled_extensions=["html"], default=False),
        )
        self._environment.filters["international"] = _international

    def write(
        self,
        template: str,
        language: str,
        facts: Mapping[str, Fact],
        brand: Brand,
        logo_src: str = "",
    ) -> Written:
        """Fill a mail in. The HTML is made of the text where a language has none of its own."""
        facts = {**UNSAID.get(template, {}), **facts}
        named: dict[str, Fact] = {"organization": brand.organization, "support": brand.support}
        templating.refuse_wrong(template, {**named, **facts}, FACTS)
        place = self._place(template, language)
        told = self._told(place, {**named, "provider": brand.provider, **facts}, brand)
        subject, text = self._text(place, told)
        html = self._html(place, {**told, **_framed(subject, text, brand, logo_src)})
        footer = self._footer(place.language, told)
        return Written(*map(SecretStr, (subject, f"{text}\n-- \n{footer}\n", html)))

    def _place(self, template: str, language: str) -> Place:
        """Of the text, from the nearest language to English: the HTML is in the same one."""
        places = [Place(each, template, "txt") for each in templating.languages(language)]
        return next(place for place in places if str(place) in self.templates)

    def _told(self, place: Place, facts: Mapping[str, Fact], brand: Brand) -> dict[str, Any]:
        return {
            **{name: _on_one_line(fact) for name, fact in facts.items()},
            "brand": brand,
            "lang": place.language,
            "direction": "rtl" if place.language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr",
        }

    def _text(self, place: Place, told: Mapping[str, Any]) -> tuple[str, str]:
        """The subject and all the rest."""
        filled = self._environment.get_template(str(place)).render(told)
        first, _, rest = filled.partition("\n")
        if not first.startswith(_SUBJECT) or not first.removeprefix(_SUBJECT).strip():
            raise NoSubject(f"template {place.name!r} does not begin with {_SUBJECT!r}")
        return first.removeprefix(_SUBJECT).strip(), rest.strip("\n") + "\n"

    def _html(self, place: Place, told: Mapping[str, Any]) -> str:
        own = str(place._replace(kind="html"))
        name = own if own in self.templates else PLAIN
        return self._environment.get_template(name).render(told)

    def _footer(self, language: str, told: Mapping[str, Any]) -> str:
        names = [str(Place(each, FOOTER, "txt")) for each in (language, FALLBACK_LANGUAGE)]
        return self._environment.select_template(names).render(told).strip()


def _framed(subject: str, text: str, brand: Brand, logo_src: str) -> dict[str, Any]:
    """What the frame shows beside the mail itself. A heading needs no name before it."""
    heading = subject.removeprefix(f"{brand.organization}: ")
    paragraphs = [each.split("\n") for each in text.strip().split("\n\n")]
    return {
        "subject": subject,
        "heading": heading[:1].upper() + heading[1:],
        "paragraphs": paragraphs,
        "preheader": _preview(paragraphs),
        "logo": _logo(brand, logo_src),
        "night": NIGHT,
    }


def _preview(paragraphs: list[list[str]]) -> str:
    """What a list of mails shows beside the subject: the first paragraph that says something."""
    joined = (" ".join(lines) for lines in paragraphs)
    return next((each for each in joined if not each.endswith(",")), "")[:_LONGEST_PREVIEW]


def _logo(brand: Brand, src: str) -> ShownLogo | None:
    """At half of its pixels, or smaller where it is very high or wide."""
    if not src or not brand.mark:
        return None
    mark = brand.mark
    share = min(_SHOWN_WIDTH / mark.width, _SHOWN_HEIGHT / mark.height, 1)
    width, height = (max(1, round(side * share)) for side in (mark.width, mark.height))
    return ShownLogo(src, width, height, mark.of)


def _international(number: str) -> str:
    """`+1 202-555-0100`, for people; what is no number of ours stays as it is."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _on_one_line(fact: Fact) -> Fact:
    """No fact begins a line of its own: a name could otherwise write half of the mail."""
    return " ".join(fact.split()) if isinstance(fact, str) else fact
