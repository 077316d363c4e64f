"""Whose phones lie on the table: people of the directory, and a stranger nobody knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIELDS = ("username", "display_name", "phone", "note", "email")

TONES = 8
"""How many colours there are for the people and for those who write to them."""


class PeopleInvalid(ValueError):
    """The file of people cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Person:
    """One phone and who holds it. A stranger has no username, and without an address no mailbox."""

    username: str
    display_name: str
    phone: str
    note: str = ""
    email: str = ""

    @property
    def key(self) -> str:
        """How the page's addresses name this phone."""
        return self.username or "stranger"

    @property
    def initials(self) -> str:
        words = [word for word in self.display_name.split() if word[0].isalpha()]
        return "".join(word[0] for word in words[:2]).upper() if self.username else "?"

    @property
    def first_name(self) -> str:
        return self.display_name.split()[0]


STRANGER = Person("", "A stranger", "+12025550136", "a number the company does not know")


def read_people(path: Path) -> tuple[Person, ...]:
    """A JSON list of objects; the stranger is added to whoever is in it."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PeopleInvalid(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(given, list) or not given:
        raise PeopleInvalid(f"{path} holds no list of people")
    return with_stranger(_person(each) for each in given)


def with_stranger(people: Iterable[Person]) -> tuple[Person, ...]:
    return (*people, STRANGER)


def find(people: Sequence[Person], key: str) -> Person | None:
    return next((person for person in people if person.key == key), None)


def as_people_write_it(phone: str) -> str:
    """`+1 202-555-0143`; numbers of other countries stay as they are."""
    return re.sub(r"^\+1(\d{3})(\d{3})(\d{4})$", r"+1 \1-\2-\3", phone)


def _person(given: Any) -> Person:
    if not isinstance(given, dict) or not set(given) <= set(FIELDS):
        raise PeopleInvalid(f"a person has {', '.join(FIELDS)} and nothing else: {given}")
    if not given.get("username") or not re.fullmatch(r"\+\d{7,15}", given.get("phone", "")):
        raise PeopleInvalid(f"a person needs a username and a phone like +15550100001: {given}")
    return Person(
        username=given["username"],
        display_name=given.get("display_name") or given["username"],
        phone=given["phone"],
        note=given.get("note", ""),
        email=given.get("email", ""),
    )
