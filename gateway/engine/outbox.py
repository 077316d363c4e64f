"""Texts that wait to be sent: written in the transaction that makes them true, sent later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy.orm import Session

from gateway.engine.requests import FIRST_RING, LEASE
from gateway.records import OutboundMessage, Person
from gateway.records.base import insert_row
from handlers.conversation import Fact

WORTH_SENDING: Final = timedelta(minutes=10)
"""How long an answer is tried for. Later it would only confuse, and a password would be old."""

OUR_LINE: Final = ""
"""The sender of a text that nobody has asked for by text: whoever sends it knows from where."""


class Addressee(Protocol):
    """Whose phone a text goes to."""

    @property
    def tenant_id(self) -> int: ...
    @property
    def phone_id(self) -> int: ...
    @property
    def language(self) -> str: ...


@dataclass(frozen=True, slots=True)
class To:
    """One phone of somebody's."""

    tenant_id: int
    phone_id: int
    language: str

    @classmethod
    def phone_of(cls, person: Person, phone_id: int) -> To:
        language = person.language or person.organization.language
        return cls(person.tenant_id, phone_id, language)


def write(
    session: Session,
    to: Addressee,
    template: str,
    facts: Mapping[str, Fact],
    *,
    sender: str,
    now: datetime,
    request_id: int | None = None,
    proof_id: int | None = None,
    held: bool = False,
) -> int:
    """Put a text into the outbox: its id. The facts are stored: a password is never one of them.

    One that is `held` is sent next by whoever writes it; the clock comes by when its lease ends.
    """
    return insert_row(
        session,
        OutboundMessage,
        tenant_id=to.tenant_id,
        phone_id=to.phone_id,
        request_id=request_id,
        proof_id=proof_id,
        template=template,
        language=to.language,
        facts=dict(facts),
        sender=sender,
        attempt=int(held),
        lease_until=now + LEASE if held else None,
        ring_at=now + (LEASE if held else FIRST_RING),
        expires_at=now + WORTH_SENDING,
        created_at=now,
    )
