"""Reads what somebody has filled in, and gives back what need not be typed anew."""

from __future__ import annotations

from typing import Final, NamedTuple

from flask import request

from gateway.doors.enrolment import guard, shown
from gateway.engine.enrolment.numbers import Wish
from gateway.engine.enrolment.visits import Visit
from gateway.phones import PhoneNumber, PhoneNumberInvalid

LONGEST_ECHO: Final = 40
"""Letters of a number that are shown again. The longest one that is written has about 25."""


class Typed(NamedTuple):
    """What stands in the form of the number. Never a secret."""

    number: str = ""
    country: str = ""
    agrees: bool = False


def only(name: str) -> str:
    """A field that is there exactly once; else it is as if nothing had been filled in."""
    values = request.form.getlist(name)
    return values[0] if len(values) == 1 else ""


def wish() -> Wish:
    return Wish(
        number=only("number"),
        country=only("country"),
        agrees=only("agrees") == "yes",
        wording=only("wording"),
        address=guard.address(),
    )


def typed(visit: Visit) -> Typed:
    """As it was sent; else the number that is being proved. Whoever agrees does it each time."""
    if "number" in request.form:
        number = shown.plain(only("number"))[:LONGEST_ECHO]
        return Typed(number, only("country")[:2], only("agrees") == "yes")
    if visit.number:
        return Typed(shown.national(visit.number), shown.country_of(visit.number))
    return Typed()


def repeats(visit: Visit) -> bool:
    """Whether the number that was sent is being proved already, as after a double click."""
    try:
        return PhoneNumber.parse(only("number"), only("country")) == visit.number
    except PhoneNumberInvalid:
        return False
