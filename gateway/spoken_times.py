"""How a time is said in a text: short and unambiguous, in the person's language or in English."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Final

from gateway import templating

NEAR: Final = timedelta(days=60)
"""How far off a time may be for its year to go without saying."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How one language says times: what is in the file `times.toml` of its folder, and no more."""

    yesterday: str
    today: str
    tomorrow: str
    near: str
    far: str
    weekdays: Sequence[str]
    """From Monday on."""
    months: Sequence[str]

    def said(self, local: datetime, pattern: str) -> str:
        return pattern.format(
            weekday=self.weekdays[local.weekday()],
            day=local.day,
            month=self.months[local.month - 1],
            year=local.year,
            hour=f"{local:%H}",
            minute=f"{local:%M}",
        )


def spoken_time(when: datetime, now: datetime, zone: tzinfo, language: str) -> str:
    """`today 14:05`, `tomorrow 09:00`, `Tue 3 Nov 14:05`, `3 Nov 2027`, as it is said there."""
    manner = _manner(language)
    local, today = when.astimezone(zone), now.astimezone(zone).date()
    near = manner.near if abs(when - now) < NEAR else manner.far
    days = (local.date() - today).days
    by_day = {-1: manner.yesterday, 0: manner.today, 1: manner.tomorrow}
    return manner.said(local, by_day.get(days, near))


def spoken_until(seconds: int, now: datetime, zone: tzinfo, language: str) -> str:
    """When so many seconds have passed for certain, as minutes are what is said."""
    return spoken_time(now + timedelta(seconds=seconds + 60), now, zone, language)


def _manner(language: str) -> Manner:
    """From the nearest language to English, which has one."""
    found = (_written(each) for each in templating.languages(language))
    return next(manner for manner in found if manner is not None)


@cache
def _written(language: str) -> Manner | None:
    source = templating.source_of(f"sms/{language}/times.toml")
    return None if source is None else Manner(**tomllib.loads(source))
