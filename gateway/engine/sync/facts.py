"""What a directory says of somebody, in the words of our records."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Self

from directory.people import DirectoryPerson
from gateway.mail.addresses import EmailAddress, EmailAddressInvalid
from gateway.people_import import is_language

LONGEST_NAME: Final = 256

_FIRST_LANGUAGE: Final = re.compile(r"\s*([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2,4}))?\s*(?:[,;].*)?")
"""`de-CH`, and also `de_ch, en;q=0.5`, as some write what their browsers send."""


class FactsInvalid(ValueError):
    """There is no person to be made of this account; the text says why, without a value."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Empty texts mean that the directory says nothing that can be taken."""

    username: str
    username_key: str
    display_name: str
    email: str
    language: str
    objections: tuple[str, ...]
    """Why a value was not taken."""

    @classmethod
    def of(cls, entry: DirectoryPerson) -> Self:
        """Raises FactsInvalid."""
        key = entry.username.casefold()
        if not key.strip() or max(len(key), len(entry.username)) > LONGEST_NAME:
            raise FactsInvalid("its logon name is empty or longer than 256 characters")
        email, language = _email(entry.email), _language(entry.language)
        objections = (
            ("the email is not an address that can be written to", entry.email and not email),
            ("the language is not a code such as en or pt-BR", entry.language and not language),
        )
        return cls(
            username=entry.username,
            username_key=key,
            display_name=entry.display_name[:LONGEST_NAME],
            email=email,
            language=language,
            objections=tuple(words for words, holds in objections if holds),
        )

    @property
    def columns(self) -> dict[str, Any]:
        """Of a person: what the directory does not say stays as it is."""
        said = {
            "username": self.username,
            "username_key": self.username_key,
            "display_name": self.display_name,
            "email": self.email,
            "language": self.language,
        }
        return {name: value for name, value in said.items() if value}


def _email(raw: str) -> str:
    try:
        return EmailAddress.parse(raw).whole if raw else ""
    except EmailAddressInvalid:
        return ""


def _language(raw: str) -> str:
    found = _FIRST_LANGUAGE.fullmatch(raw)
    if found is None:
        return ""
    code = "-".join(filter(None, (found[1].lower(), (found[2] or "").upper())))
    return code if is_language(code) else ""
