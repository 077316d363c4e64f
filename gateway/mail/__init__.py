"""Who carries our mail, and what can come of handing a letter over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from hashlib import sha256
from typing import Protocol, Self

from pydantic import SecretStr

from gateway.mail.addresses import EmailAddress


class MailError(Exception):
    """Handing over did not end well. `reason` is one short word, with the server's own code.

    Neither the address nor the server's words are in it: those often repeat the address.
    """

    def __init__(self, reason: str, code: int | None = None) -> None:
        self.reason = f"{reason}_{code}" if code else reason
        super().__init__(self.reason)


class MailLater(MailError):
    """Nothing was sent and nothing is wrong with the letter: the same may be tried again."""


class MailUnknown(MailLater):
    """It may have been sent. The same letter goes again, under the same Message-ID."""


class MailRefused(MailError):
    """The server will not take this letter for this address, now or later."""


class MailMisconfigured(MailError):
    """Our sign-in, our sender, or the server's certificate is at fault: an operator has to act."""


@dataclass(frozen=True, slots=True)
class InlineLogo:
    """A PNG that travels inside the mail: programs show it without asking anybody's server."""

    content: bytes = field(repr=False)
    content_id: str

    @classmethod
    def of(cls, content: bytes) -> Self:
        return cls(content, f"{sha256(content).hexdigest()[:32]}@logo")

    @property
    def src(self) -> str:
        """Where the HTML finds it (RFC 2392)."""
        return f"cid:{self.content_id}"


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail. `key` stays the same however often it is sent, and makes its Message-ID.

    Without `html` it is a text only, and without a `sender` it is from whom the settings name.
    """

    to: EmailAddress
    subject: SecretStr
    body: SecretStr
    key: str
    written_at: datetime
    html: SecretStr | None = None
    sender: Address | None = None
    logo: InlineLogo | None = None


class Mailer(Protocol):
    """Every method raises only MailError, and ends within a minute or so."""

    def send(self, letter: Letter) -> None:
        """Hand a letter over to the server."""
        ...

    def check(self) -> None:
        """Connect, secure the line and sign in, and send nothing."""
        ...
