"""Turns one entry of a listing into a person, or into the reason why it is none."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TypeVar

from directory.active_directory.eligibility import Circumstances, inactivity, ineligibility
from directory.active_directory.entries import Entry
from directory.errors import DirectoryError, UnexpectedAnswer
from directory.people import BadEntry, DirectoryPerson, Listed, PeopleSource

EVERY_ATTRIBUTE = (
    *("objectGUID", "objectSid", "sAMAccountName", "userPrincipalName", "displayName", "mail"),
    *("preferredLanguage", "c", "userAccountControl", "accountExpires", "adminCount"),
)
"""What a listing asks for, beside the attributes with phone numbers."""

COUNTRY_LENGTH = 2

T = TypeVar("T")


def listed(entry: Entry, source: PeopleSource, circumstances: Circumstances) -> Listed:
    """The person; where anything of the entry cannot be read, what is wrong with it."""
    try:
        return _person(entry, source, circumstances)
    except DirectoryError as error:
        guid = _if_readable(entry.guid)
        return BadEntry(str(error), guid, _if_readable(lambda: _username(entry)) or "")


def _person(entry: Entry, source: PeopleSource, circumstances: Circumstances) -> DirectoryPerson:
    username = _username(entry)
    return DirectoryPerson(
        guid=entry.guid(),
        username=username,
        principal_name=_text(entry, "userPrincipalName"),
        display_name=_text(entry, "displayName") or username,
        email=_text(entry, "mail"),
        phones=tuple(each for name in source.phone_attributes for each in _texts(entry, name)),
        language=_text(entry, "preferredLanguage"),
        country=_country(_text(entry, "c")),
        inactive=inactivity(entry, circumstances),
        ineligible=ineligibility(entry, circumstances),
    )


def _username(entry: Entry) -> str:
    """To the letter: it is what we shall ask for."""
    return _readable("sAMAccountName", entry.require("sAMAccountName")[0])


def _text(entry: Entry, attribute: str) -> str:
    return next(iter(_texts(entry, attribute)), "")


def _texts(entry: Entry, attribute: str) -> list[str]:
    """Its values as people would write them: no blanks around or between that say nothing."""
    readable = (_readable(attribute, raw) for raw in entry.all(attribute))
    tidy = (unicodedata.normalize("NFC", " ".join(each.split())) for each in readable)
    return [each for each in tidy if each]


def _readable(attribute: str, raw: bytes) -> str:
    """Nothing in it can move the cursor of a terminal that shows it, but for line breaks."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise UnexpectedAnswer(f"{attribute} is not text") from None
    if any(unicodedata.category(each) == "Cc" and not each.isspace() for each in text):
        raise UnexpectedAnswer(f"{attribute} has a control character in it")
    return text


def _country(text: str) -> str:
    fits = len(text) == COUNTRY_LENGTH and text.isascii() and text.isalpha()
    return text.upper() if fits else ""


def _if_readable(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except DirectoryError:
        return None
