"""All countries by their names, each with its calling code, those that may enrol first."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import phonenumbers
from phonenumbers.geodata.locale import LOCALE_DATA

UNNAMED: Final = {"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo"}
"""What the tables of phonenumbers have no name for."""

_DEFAULT: Final = "aa"
_AS_IN: Final = "*"


class Country(NamedTuple):
    code: str
    name: str
    calling_code: int


def countries(first: Sequence[str], language: str) -> Sequence[Country]:
    """Some first, as they are given, and then all in the order of their names without accents."""
    found = {each.code: each for each in _all(language.partition("-")[0])}
    return [*(found.pop(code) for code in first if code in found), *found.values()]


def name_of(code: str, language: str) -> str:
    """A country's name in a language, else in English."""
    names = LOCALE_DATA.get(code, {})
    name = names.get(language.partition("-")[0], names.get("en", ""))
    if name.startswith(_AS_IN):
        name = names.get(name.removeprefix(_AS_IN), names.get(_DEFAULT, ""))
    return name or UNNAMED.get(code, code)


@cache
def _all(language: str) -> Sequence[Country]:
    found = [
        Country(code, name_of(code, language), phonenumbers.country_code_for_region(code))
        for code in phonenumbers.SUPPORTED_REGIONS
    ]
    return sorted(found, key=lambda each: _without_accents(each.name))


def _without_accents(name: str) -> str:
    apart = unicodedata.normalize("NFD", name)
    return "".join(each for each in apart if not unicodedata.combining(each)).casefold()
