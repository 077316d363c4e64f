"""What may be decided for a tenant, an organization or a person, and how decisions combine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final, get_type_hints

import phonenumbers


class Scope(StrEnum):
    """Who decides, from the widest to the narrowest."""

    TENANT = "tenant"
    ORGANIZATION = "organization"
    PERSON = "person"


class EnrolProof(StrEnum):
    """What somebody has to prove beside a number before it is theirs (NIST SP 800-63B-4 4.1.2)."""

    EMAIL = "email"
    """That they read the mail that we sent to the address on record."""
    DIRECTORY_PASSWORD = "directory_password"  # noqa: S105  (a name)
    """Also the password that they sign in with today."""
    OPERATOR = "operator"
    """Also to the MSP, who attests it with a command."""


class PolicyUnknown(ValueError):
    """There is no policy of this name; the text names those that there are."""


class PolicyInvalid(ValueError):
    """A policy cannot have this value; the text names the valid ones."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One value as somebody has set it."""

    scope: Scope
    name: str
    value: str


def _switch(text: str) -> bool:
    if text.lower() in {"on", "yes", "true", "1"}:
        return True
    if text.lower() in {"off", "no", "false", "0"}:
        return False
    raise PolicyInvalid("use on or off")


def _whole(text: str, *, least: int, most: int, unit: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        raise PolicyInvalid(f"use a whole number of {unit} from {least} to {most}")
    return number


def _one_of(text: str, *, kind: type[StrEnum]) -> StrEnum:
    try:
        return kind(text.lower())
    except ValueError:
        raise PolicyInvalid(f"use {' or '.join(kind)}") from None


def _countries(text: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(text.replace(",", " ").upper().split()))
    if wrong := [code for code in codes if code not in phonenumbers.SUPPORTED_REGIONS]:
        raise PolicyInvalid(f"{wrong[0]} is no country: use two letters each, such as US,CA,GB")
    return codes


def _days(text: str) -> tuple[int, ...]:
    days = [_whole(part, least=1, most=90, unit="days") for part in text.replace(",", " ").split()]
    if sorted(set(days)) != days or len(days) > MOST_REMINDERS:
        raise PolicyInvalid(f"use up to {MOST_REMINDERS} rising numbers of days, such as 2,5,10")
    return tuple(days)


MOST_REMINDERS: Final = 5

Read = Callable[[str], Any]
"""Reads a value as an operator writes it. Raises PolicyInvalid, saying what to write."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one policy is read, and what it is about, in a few words for operators."""

    read: Read
    about: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for somebody. A tenant's `off` overrides whatever is set below it."""

    self_serve: Annotated[bool, Rule(_switch, "people may help themselves by text at all")] = True
    notifications: Annotated[
        bool, Rule(_switch, "people are told by mail what happened to their account")
    ] = True
    email_required: Annotated[
        bool, Rule(_switch, "who has no email cannot help themselves, as nobody could warn them")
    ] = True
    enrol_proof: Annotated[
        EnrolProof,
        Rule(partial(_one_of, kind=EnrolProof), "what is to be proved beside the number"),
    ] = EnrolProof.EMAIL
    link_hours: Annotated[
        int,
        Rule(
            partial(_whole, least=1, most=168, unit="hours"),
            "how long an activation link works (NIST SP 800-63B-4 allows codes by email 24)",
        ),
    ] = 24
    reminder_days: Annotated[
        tuple[int, ...], Rule(_days, "after how many days an invitation is repeated, or none")
    ] = (2, 5, 10)
    countries: Annotated[
        tuple[str, ...],
        Rule(_countries, "whose numbers may be enrolled; none for the organization's country only"),
    ] = ()
    people_per_number: Annotated[
        int,
        Rule(
            partial(_whole, least=1, most=20, unit="people"),
            "how many people of an organization may share a number",
        ),
    ] = 3
    codes_per_day: Annotated[
        int,
        Rule(
            partial(_whole, least=0, most=100_000, unit="codes"),
            "how many activation codes an organization's people may be texted in a day",
        ),
    ] = 500
    hold_after_phone_change_hours: Annotated[
        int,
        Rule(
            partial(_whole, least=0, most=720, unit="hours"),
            "how long RESET is held back after a change of number; UNLOCK works",
        ),
    ] = 24
    sources: Mapping[str, Scope] = field(default_factory=dict)
    """Where each value comes from; what is not in it is the default."""

    def shown(self, name: str) -> str:
        """A value as an operator would write it."""
        value = getattr(self, name)
        match value:
            case bool():
                return "on" if value else "off"
            case tuple():
                return ",".join(map(str, value)) or "none"
            case _:
                return str(value)


RULES: Final[Mapping[str, Rule]] = {
    name: rule
    for name, hint in get_type_hints(Policy, include_extras=True).items()
    for rule in getattr(hint, "__metadata__", ())
}
"""All policies by their names, in the order in which they are shown."""


def read(name: str, text: str) -> Any:
    """The value that an operator wrote. Raises PolicyUnknown or PolicyInvalid."""
    if name not in RULES:
        raise PolicyUnknown(f"there is no policy {name!r}; there are {', '.join(RULES)}")
    given = "" if text.strip().lower() == "none" else text.strip()
    try:
        return RULES[name].read(given)
    except PolicyInvalid as error:
        raise PolicyInvalid(f"{name} cannot be {text!r}: {error}") from None


def written(name: str, text: str) -> str:
    """The one spelling in which a value is kept. Raises PolicyUnknown or PolicyInvalid."""
    return Policy(**{name: read(name, text)}).shown(name)


def resolve(settings: Iterable[Setting]) -> Policy:
    """Combine what was set, from the widest to the narrowest.

    What a newer version has set and this one does not know is passed over.
    """
    values: dict[str, Any] = {}
    sources: dict[str, Scope] = {}
    for each in settings:
        if each.name in RULES and not _is_overridden(values, sources, each.name):
            values[each.name] = read(each.name, each.value)
            sources[each.name] = each.scope
    return Policy(**values, sources=sources)


def _is_overridden(values: Mapping[str, Any], sources: Mapping[str, Scope], name: str) -> bool:
    """A switch that the tenant has turned off stays off, whatever is set below."""
    return sources.get(name) is Scope.TENANT and values[name] is False
