"""All countries by their names, each with its calling code, those that may enrol first."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import phonenumbers
from babel import Locale, UnknownLocaleError


class Country(NamedTuple):
    code: str
    name: str
    calling_code: int


def countries(first: Sequence[str], language: str) -> Sequence[Country]:
    """Some first, as they are given, and then all in the order of their names without accents."""
    found = {each.code: each for each in _all(language)}
    return [*(found.pop(code) for code in first if code in found), *found.values()]


def name_of(code: str, language: str) -> str:
    """A country's name in a language, else in English (Unicode CLDR)."""
    return _names(language).get(code) or _names("en").get(code, code)


@cache
def _all(language: str) -> Sequence[Country]:
    found = [
        Country(code, name_of(code, language), phonenumbers.country_code_for_region(code))
        for code in phonenumbers.SUPPORTED_REGIONS
    ]
    return sorted(found, key=lambda each: _without_accents(each.name))


@cache
def _names(language: str) -> Mapping[str, str]:
    try:
        return Locale.parse(language, sep="-").territories
    except (UnknownLocaleError, ValueError):
        return Locale("en").territories


def _without_accents(name: str) -> str:
    apart = unicodedata.normalize("NFD", name)
    return "".join(each for each in apart if not unicodedata.combining(each)).casefold()
