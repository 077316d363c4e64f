"""Who carries our texts, and what can come of handing one over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr


class CarrierError(Exception):
    """Handing over did not end well. `code` is the carrier's own number, or None."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(f"{type(self).__name__}(code={code})")
        self.code = code


class SendLater(CarrierError):
    """Nothing was sent and nothing is wrong with the text: the same may be tried again."""


class SendUnknown(CarrierError):
    """It may have been sent. Only the very same text may be sent again."""


class SendRefused(CarrierError):
    """The carrier will not send to this number, now or later."""


class RecipientOptedOut(SendRefused):
    """The person has texted STOP; nothing reaches them before START."""


class CarrierMisconfigured(CarrierError):
    """Our account, sender or settings are at fault: an operator has to act."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier took the text: its id for it, and the status it starts with."""

    sid: str
    status: str


@dataclass(frozen=True, slots=True)
class OurLine:
    """Where texts that nobody asked for by text leave from, and the number that people text."""

    sender: str
    """A number, or the sid of a Messaging Service."""
    number: str
    """In E.164; empty where only a Messaging Service is known and PUBLIC_NUMBER is not set."""


class Carrier(Protocol):
    """Every method raises only CarrierError, and ends within the configured timeout."""

    def send(
        self, sender: str, to: str, body: SecretStr, validity_seconds: int, message_id: int
    ) -> Accepted:
        """Hand a text over from one of our numbers or services.

        The carrier's reports name `message_id`, so that they are understood even where its
        answer to this call was lost.
        """
        ...

    def status(self, sid: str) -> tuple[str, int | None]:
        """What became of a text: the carrier's status, and its error code if there is one."""
        ...

    def redact(self, sid: str) -> None:
        """Empty the carrier's own copy of a text. Already gone is as good."""
        ...

    def copies(self, sender: str, to: str, since: datetime, until: datetime) -> Collection[str]:
        """The ids of the texts that we handed over for this number within this time."""
        ...
