"""Mail addresses: taken only where a header and an envelope can carry them, and shown masked."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.headerregistry import Address
from typing import Final, Self

LONGEST: Final = 254
"""Characters of a whole address, and `_LONGEST_LOCAL` of what stands before its @ (RFC 5321)."""

_LONGEST_LOCAL: Final = 64
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

_SHOWN_DOMAIN: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,30}\.){1,4}[A-Za-z]{2,20}")


class EmailAddressInvalid(ValueError):
    """Not an address that we can write to. The text says why, and never holds the address."""


class EmailAddress(str):
    """An address in ASCII, its domain in lower case. Printing and formatting show it masked."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Read an address as people write it. Raises EmailAddressInvalid."""
        local, at, domain = raw.strip().rpartition("@")
        if not at or not _LOCAL.fullmatch(local):
            raise EmailAddressInvalid("an address looks like help@example.com, in plain letters")
        address = f"{local}@{_domain(domain)}"
        if len(local) > _LONGEST_LOCAL or len(address) > LONGEST:
            raise EmailAddressInvalid(f"an address takes at most {LONGEST} characters")
        return cls(address)

    @property
    def whole(self) -> str:
        """The address as a plain str, for those who have to have it."""
        return str.__str__(self)

    @property
    def domain(self) -> str:
        return self.whole.rpartition("@")[2]

    @property
    def masked(self) -> str:
        """`m***@example.com`."""
        return f"{self.whole[0]}***@{self.domain}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"EmailAddress({self.masked!r})"

    def __format__(self, spec: str) -> str:
        return format(self.masked, spec)


def sender(raw: str) -> Address:
    """Read whom our mail is from: `help@example.com` or `Example Help <help@example.com>`.

    Raises EmailAddressInvalid.
    """
    if not raw.isprintable():
        raise EmailAddressInvalid("write it as Example Help <help@example.com>")
    name, address = "", raw
    if raw.strip().endswith(">"):
        name, _, address = raw.strip().removesuffix(">").rpartition("<")
    whole = EmailAddress.parse(address).whole
    try:
        return Address(name.strip(' "'), addr_spec=whole)
    except (MessageError, ValueError):
        raise EmailAddressInvalid("write it as Example Help <help@example.com>") from None


def glimpse(raw: str) -> str:
    """What may be shown of what was meant as an address, to find it by: `m***@example.com`.

    Nothing where no domain ends it: then it can be anything.
    """
    local, _, domain = raw.strip().rpartition("@")
    is_told = local[:1].isalnum() and _SHOWN_DOMAIN.fullmatch(domain)
    return f"{local[0]}***@{domain.lower()}" if is_told else ""


def _domain(raw: str) -> str:
    """In the form that DNS and SMTP know. A single word is a host of one's own network."""
    try:
        domain = raw.lower() if raw.isascii() else raw.encode("idna").decode()
    except UnicodeError:
        domain = ""
    if not domain or not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        raise EmailAddressInvalid("what follows the @ is not the name of a domain")
    return domain
