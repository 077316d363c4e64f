"""One text message as Twilio keeps it, and how the REST API and the webhooks show it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from typing import Any

API_VERSION = "2010-04-01"


class Status(StrEnum):
    """Where a message is on its way. The first three are in flight."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    RECEIVED = "received"


IN_FLIGHT = frozenset({Status.ACCEPTED, Status.QUEUED, Status.SENDING})
FINAL = frozenset({Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.RECEIVED})


class Direction(StrEnum):
    """Who began it: a phone, a call of the REST API, or Twilio itself (after STOP, START, HELP)."""

    INBOUND = "inbound"
    OUTBOUND_API = "outbound-api"
    OUTBOUND_REPLY = "outbound-reply"


def new_sid(prefix: str = "SM") -> str:
    """`SM` and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A snapshot: the store replaces it whenever something about it changes."""

    sid: str
    account_sid: str
    direction: Direction
    status: Status
    from_: str | None
    to: str
    body: str = field(repr=False)
    segments: int
    created: datetime
    updated: datetime
    sent: datetime | None = None
    error_code: int | None = None
    messaging_service_sid: str | None = None
    status_callback: str = ""
    validity_seconds: int = 36000
    redacted: bool = False
    refused_later: int | None = None
    """An error that Twilio finds only after it has accepted the message (Advanced Opt-Out)."""

    @property
    def phone(self) -> str:
        """The number at the person's end."""
        return self.from_ or "" if self.direction is Direction.INBOUND else self.to


def as_json(message: Message) -> dict[str, Any]:
    """The Message resource. Before a Messaging Service chose a sender, it counts no segments."""
    uri = f"/{API_VERSION}/Accounts/{message.account_sid}/Messages/{message.sid}"
    return {
        "account_sid": message.account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": rfc2822(message.created),
        "date_sent": rfc2822(message.sent),
        "date_updated": rfc2822(message.updated),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": None if message.error_code is None else f"Error {message.error_code}",
        "from": message.from_,
        "messaging_service_sid": message.messaging_service_sid,
        "num_media": "0",
        "num_segments": "0" if message.status is Status.ACCEPTED else str(message.segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def rfc2822(moment: datetime | None) -> str | None:
    """As in `Thu, 24 Aug 2023 05:01:45 +0000`."""
    return None if moment is None else format_datetime(moment.astimezone(UTC))
