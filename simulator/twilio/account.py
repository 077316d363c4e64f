"""The customer's account at Twilio: its keys, its numbers and where their webhooks point."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from simulator.twilio.errors import ApiError


@dataclass(frozen=True, slots=True)
class Number:
    """A number of ours. An empty `sms_url` means that inbound texts go nowhere."""

    phone_number: str
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    status_callback: str = ""

    @property
    def sid(self) -> str:
        return "PN" + hashlib.sha256(self.phone_number.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class MessagingService:
    """A pool of our numbers. Without an `inbound_url` the webhook of each number is used."""

    sid: str
    numbers: tuple[str, ...]
    inbound_url: str = ""
    fallback_url: str = ""
    status_callback: str = ""
    advanced_opt_out: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """What the console would show. `api_keys` maps the SID of each API key to its secret."""

    sid: str
    auth_token: str = field(repr=False)
    numbers: tuple[Number, ...] = ()
    services: tuple[MessagingService, ...] = ()
    api_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    friendly_name: str = "Resetline demo"
    message_redaction: bool = False
    magic_numbers: bool = False

    def number(self, phone_number: str) -> Number | None:
        return next((own for own in self.numbers if own.phone_number == phone_number), None)

    def service(self, sid: str) -> MessagingService | None:
        return next((service for service in self.services if service.sid == sid), None)

    def service_of(self, phone_number: str) -> MessagingService | None:
        return next((pool for pool in self.services if phone_number in pool.numbers), None)

    def admit(self, username: str | None, password: str | None) -> None:
        """By the auth token or by an API key; anything else is 20003."""
        secret = self.auth_token if username == self.sid else self.api_keys.get(username or "")
        if secret is None or not hmac.compare_digest(secret.encode(), (password or "").encode()):
            raise ApiError(20003)


def numbers_at(webhook_url: str, phone_numbers: Iterable[str]) -> tuple[Number, ...]:
    """The same webhook for all of them, as most accounts have it."""
    return tuple(Number(phone_number, sms_url=webhook_url) for phone_number in phone_numbers)
