"""Finds a template in somebody's language, else in English, and fills it in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined

from handlers.conversation import Fact

FALLBACK_LANGUAGE: Final = "en"

ALWAYS: Final = ("organization", "support")
"""Every template is told these; `support` may be empty."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")


class TemplateUnknown(Exception):
    """There is no template of that name; the text names those that there are."""


class FactsWrong(Exception):
    """A template lacks a fact, or is told one that it has no place for; the text names it."""


def filled(kind: str, template: str, language: str, facts: Mapping[str, Fact]) -> str:
    """A template of `sms` or `email` with its facts in it."""
    names = [f"{kind}/{tongue}/{template}" for tongue in languages(language)]
    return _environment().select_template(names).render(facts)


def refuse_wrong(
    template: str, facts: Mapping[str, Fact], known: Mapping[str, tuple[str, ...]]
) -> None:
    """Raises where a template is unknown, lacks a fact, or is told one too many."""
    if template not in known:
        raise TemplateUnknown(f"no template {template!r}; there are {', '.join(known)}")
    expected = {*ALWAYS, *known[template]}
    if missing := expected - facts.keys():
        raise FactsWrong(f"template {template!r} needs {', '.join(sorted(missing))}")
    if unknown := facts.keys() - expected:
        raise FactsWrong(f"template {template!r} has no place for {', '.join(sorted(unknown))}")


def templates_of(kind: str, language: str) -> tuple[str, ...]:
    """The names of the templates that are written in this very language, in order."""
    if not _LANGUAGE.fullmatch(language):
        return ()
    folder = files("templates").joinpath(kind, language)
    names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    return tuple(sorted(name.removesuffix(".txt") for name in names if name.endswith(".txt")))


def languages(language: str) -> Iterator[str]:
    """From the nearest to English. What isn't a language's code is never looked up as a file."""
    if _LANGUAGE.fullmatch(language):
        yield language
        yield language.partition("-")[0]
    yield FALLBACK_LANGUAGE


@cache
def _environment() -> Environment:
    """What we write is plain, not HTML: escaping would spoil names and passwords."""
    return Environment(
        loader=FunctionLoader(_source),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
    )


def _source(name: str) -> str | None:
    """Read through the package, so that it works from a wheel and from any folder."""
    path = files("templates").joinpath(f"{name}.txt")
    return path.read_text(encoding="utf-8") if path.is_file() else None
