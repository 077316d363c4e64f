"""Times as they are said in texts: in each language, short, and never to be mistaken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.segments import GSM_7_BASIC
from gateway.spoken_times import spoken_time
from gateway.wording import LONGEST, languages

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 1, 9, 0, tzinfo=BERLIN)
TUESDAY = datetime(2026, 11, 3, 14, 5, tzinfo=BERLIN)


def said(when: datetime, language: str) -> str:
    return spoken_time(when, NOW.astimezone(UTC), BERLIN, language)


@pytest.mark.parametrize(
    ("language", "near", "far"),
    [
        ("en", "Tue 3 Nov 14:05", "3 Nov 2027"),
        ("de", "Di 3. Nov um 14:05", "3. Nov 2027"),
        ("es", "el mar 3 nov 14:05", "el 3 nov 2027"),
        ("fr", "le mar 3 nov 14h05", "le 3 nov 2027"),
        ("it", "mar 3 nov ore 14:05", "il 3 nov 2027"),
        ("nl", "di 3 nov om 14:05", "3 nov 2027"),
        ("pt", "ter 3 nov às 14h05", "3 nov 2027"),
        ("pt-BR", "ter 3 nov às 14h05", "3 nov 2027"),
        ("ja", "Tue 3 Nov 14:05", "3 Nov 2027"),
        ("../../x", "Tue 3 Nov 14:05", "3 Nov 2027"),
    ],
)
def test_a_day_is_said_as_the_language_says_it(language: str, near: str, far: str) -> None:
    assert said(TUESDAY, language) == near
    assert said(TUESDAY.replace(year=2027), language) == far


@pytest.mark.parametrize(
    ("language", "three"),
    [
        ("en", ["yesterday 14:05", "today 14:05", "tomorrow 14:05"]),
        ("de", ["gestern um 14:05", "heute um 14:05", "morgen um 14:05"]),
        ("fr", ["hier à 14h05", "aujourd'hui à 14h05", "demain à 14h05"]),
    ],
)
def test_a_day_beside_today_has_a_word(language: str, three: list[str]) -> None:
    today = TUESDAY.replace(day=1)
    assert [said(today + timedelta(days=day), language) for day in (-1, 0, 1)] == three


def test_the_day_is_that_of_the_organization() -> None:
    """At 23:30 in Berlin it is tomorrow in Tokyo already."""
    late = datetime(2026, 11, 1, 23, 30, tzinfo=BERLIN)
    assert spoken_time(late, NOW, ZoneInfo("Asia/Tokyo"), "en") == "tomorrow 07:30"


@pytest.mark.parametrize("language", languages())
def test_every_time_of_a_year_fits_its_place_in_plain_letters(language: str) -> None:
    longest = min(LONGEST[name] for name in ("expires", "since", "until"))
    year = [datetime(2026, 12, 1, 22, 5, tzinfo=BERLIN) + timedelta(days=day) for day in range(366)]
    texts = {spoken_time(when, each, BERLIN, language) for when in year for each in _nows(when)}
    assert len(texts) > 366
    for text in texts:
        assert len(text) <= longest, text
        assert set(text) <= GSM_7_BASIC, text


@pytest.mark.parametrize("language", languages())
def test_no_two_days_are_said_alike(language: str) -> None:
    days = [TUESDAY + timedelta(days=day) for day in range(-30, 31)]
    assert len({said(day, language) for day in days}) == len(days)
    months = [datetime(2028, month, 1, tzinfo=BERLIN) for month in range(1, 13)]
    assert len({said(month, language) for month in months}) == len(months)


def _nows(when: datetime) -> list[datetime]:
    """Moments from which it is spoken of."""
    return [when - timedelta(days=days) for days in (-1, 0, 1, 10, 100)]
