"""Every country has a name, whatever the language of the page."""

from __future__ import annotations

import pytest

from gateway.doors.enrolment.countries import countries, name_of
from gateway.wording import languages


def test_countries_are_all_there_in_the_order_of_their_names() -> None:
    found = countries(["DE", "AT"], "en")
    assert [each.name for each in found[:2]] == ["Germany", "Austria"]
    assert len(found) > 240
    names = [each.name for each in found[2:]]
    assert "Austria" not in names
    assert names.index("Afghanistan") < names.index("Åland Islands") < names.index("Albania")


@pytest.mark.parametrize("language", languages())
def test_every_country_has_a_name(language: str) -> None:
    assert [each.code for each in countries([], language) if each.name == each.code] == []


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("DE", "fr", "Allemagne"),
        ("XK", "en", "Kosovo"),
        ("DE", "xx", "Germany"),
        ("DE", "", "Germany"),
        ("DE", "pt-BR", "Alemanha"),
    ],
)
def test_a_country_is_named_in_the_language_else_in_english(
    code: str, language: str, name: str
) -> None:
    assert name_of(code, language) == name
