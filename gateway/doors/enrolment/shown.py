"""How names, numbers and waits are shown: enough for their owner, little for whoever looks on."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from math import ceil
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat

from gateway.doors.enrolment.countries import name_of
from gateway.phones import PhoneNumber

LAST_DIGITS: Final = 4
UNSEEN: Final = frozenset({"Cc", "Cf"})
"""Unicode's categories of letters that nobody sees; some turn round what stands beside them."""


def masked_name(display_name: str) -> str:
    """`Nina Alvarez` becomes `Nina A.`, and so does `Alvarez, Nina`, as directories have it."""
    last, comma, first = plain(display_name).partition(",")
    words = (f"{first} {last}" if comma else last).split() or [""]
    return " ".join([words[0], *(f"{each[0]}." for each in words[1:][-1:])])


def masked_username(username: str) -> str:
    """`nina.alvarez` becomes `ni…ez`."""
    seen = plain(username)
    return f"{seen[:2]}…{seen[-2:]}" if len(seen) > 5 else f"{seen[:1]}…"


def plain(text: str) -> str:
    return "".join(each for each in text if unicodedata.category(each) not in UNSEEN)


def international(e164: str) -> str:
    """`+1 415-555-0100`: as it can be dialled from anywhere, or nothing for none."""
    return _formatted(e164, PhoneNumberFormat.INTERNATIONAL) if e164 else ""


def national(number: PhoneNumber) -> str:
    """`(415) 555-0177`: as its owner writes it."""
    return _formatted(number.e164, PhoneNumberFormat.NATIONAL)


def country_of(number: PhoneNumber) -> str:
    """`US`, or nothing where a number is of no country."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(number.e164, None)) or ""


def its_country(number: PhoneNumber, language: str) -> str:
    """`United States (+1)`: a wrong country is noticed as well as a wrong digit."""
    parsed = phonenumbers.parse(number.e164, None)
    return f"{name_of(country_of(number), language)} (+{parsed.country_code})"


def ending(number: PhoneNumber) -> str:
    """`0177`: enough once it is proved."""
    return number.e164[-LAST_DIGITS:]


def minutes_until(when: datetime | None, now: datetime) -> int:
    """Whole minutes, begun ones too, and one at the least."""
    return max(1, ceil((when - now).total_seconds() / 60)) if when else 1


def _formatted(e164: str, kind: int) -> str:
    return phonenumbers.format_number(phonenumbers.parse(e164, None), kind)
