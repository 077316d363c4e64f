"""Reads SMTP_URL: which server takes our mail, how its line is secured, and how we sign in."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import SecretStr

EXAMPLE: Final = "smtp://user:password@mail.example.com:587?tls=starttls"
_ONLY_HERE: Final = "tls=none is for a server on this machine only: use tls=starttls"


class Security(StrEnum):
    """How the line is secured: at a word, from the first byte, or not at all."""

    STARTTLS = "starttls"
    IMPLICIT = "implicit"
    NONE = "none"


PORTS: Final = {Security.STARTTLS: 587, Security.IMPLICIT: 465, Security.NONE: 25}


class MailServerInvalid(ValueError):
    """The URL cannot be used. The text says what to write, and shows nothing of the URL."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where our mail is handed over. `user` is empty where nobody has to sign in."""

    host: str
    port: int
    security: Security
    user: str = field(default="", repr=False)
    password: SecretStr = field(default_factory=lambda: SecretStr(""))

    @classmethod
    def parse(cls, url: str) -> MailServer:
        """Read `smtp://` or `smtps://`, with `%` for special letters. Raises MailServerInvalid."""
        parts, host, port = _parts(url)
        security = _security(parts, host)
        user, password = _decoded(parts.username), _decoded(parts.password)
        if bool(user) != bool(password):
            raise MailServerInvalid("give a user together with a password, or neither")
        return cls(host, port or PORTS[security], security, user, SecretStr(password))


def trust(ca_file: str) -> ssl.SSLContext:
    """Which certificates are believed: the system's authorities, or only those of a file.

    Raises MailServerInvalid where the file holds none.
    """
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ValueError):
        raise MailServerInvalid("give a readable file with certificates in PEM") from None


def _parts(url: str) -> tuple[SplitResult, str, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise MailServerInvalid(
            f"give a URL such as {EXAMPLE}, with / # ? @ of a password as %2F %23 %3F %40"
        ) from None
    clean = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or not clean:
        raise MailServerInvalid(f"give a URL such as {EXAMPLE}")
    if parts.path not in {"", "/"} or parts.fragment or port == 0:
        raise MailServerInvalid("write / # ? of a password as %2F %23 %3F, and a port above 0")
    return parts, parts.hostname, port


def _security(parts: SplitResult, host: str) -> Security:
    """As it is written; else STARTTLS, and nothing on this machine itself."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    wish = options.pop("tls", "")
    if options:
        raise MailServerInvalid("after ? only tls=starttls, tls=implicit or tls=none is known")
    if parts.scheme == "smtps":
        if wish not in {"", Security.IMPLICIT}:
            raise MailServerInvalid("smtps:// is tls=implicit: write smtp:// for anything else")
        return Security.IMPLICIT
    if not wish:
        return Security.NONE if is_this_machine(host) else Security.STARTTLS
    if wish not in set(Security):
        raise MailServerInvalid("tls is starttls, implicit or none")
    if wish == Security.NONE and not is_this_machine(host):
        raise MailServerInvalid(_ONLY_HERE)
    return Security(wish)


def is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _decoded(part: str | None) -> str:
    """What SMTP can carry: its AUTH takes ASCII in Python, and no letter that ends a line."""
    text = unquote(part or "")
    if not text.isascii() or not text.isprintable():
        raise MailServerInvalid("user and password take printable ASCII letters only")
    return text
