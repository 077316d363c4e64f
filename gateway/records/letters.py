"""A text of ours with all that sending it, or learning what became of it, has to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Update, bindparam, case, select, update
from sqlalchemy.orm import Session

from gateway.records.about import About
from gateway.records.base import table_of
from gateway.records.messages import OutboundMessage, OutboundState
from gateway.records.organizations import SUPPORT, Organization
from gateway.records.people import LANGUAGE, Person
from gateway.records.phones import Phone
from gateway.records.proofs import Proof
from gateway.records.requests import Request
from gateway.records.tenants import Tenant


@dataclass(frozen=True, slots=True)
class Letter:
    """One row of the outbox with its phone, person and request, as it stood when it was read."""

    message_id: int
    state: str
    attempt: int
    unknown_outcomes: int
    sid: str | None
    carrier_status: str
    template: str
    language: str
    facts: Mapping[str, Any]
    sender: str
    expires_at: datetime
    accepted_at: datetime | None
    redacted_at: datetime | None
    tenant_id: int
    phone_id: int
    sealed_number: str = field(repr=False)
    verified_at: datetime | None
    opted_out_at: datetime | None
    person_id: int
    organization_id: int
    organization: str
    support: str
    request_id: int | None
    sealed_password: str | None = field(repr=False)
    code_seed: str | None = field(repr=False)
    """What the code is made of that this text carries, if any; None once it is of no use."""
    proof_id: int | None
    forget_at: datetime | None
    """Set while a number is not proved yet, or when another has taken its place."""

    word_seed: str | None = field(repr=False)
    """What the word is made of that is to be texted back; None once none is awaited."""
    confirmed_at: datetime | None
    """When the word came back that let its request go on."""
    country: str
    """The organization's own (ISO 3166-1 alpha-2)."""

    @property
    def about(self) -> About:
        return About(self.tenant_id, self.organization_id, self.person_id, self.request_id)

    @property
    def answers(self) -> int | None:
        """The request that this text ends, if it is an answer and does not ask for a word."""
        return None if self.template == ASKS_FOR_WORD else self.request_id


ASKS_FOR_WORD: Final = "confirm"
"""The template that asks for the word of a request."""


@dataclass(frozen=True, slots=True)
class OtherPhone:
    """Another verified number of the person's, which has not been tried for this request."""

    phone_id: int
    tenant_id: int
    language: str


_COLUMNS: Final = (
    OutboundMessage.id,
    OutboundMessage.state,
    OutboundMessage.attempt,
    OutboundMessage.unknown_outcomes,
    OutboundMessage.sid,
    OutboundMessage.carrier_status,
    OutboundMessage.template,
    OutboundMessage.language,
    OutboundMessage.facts,
    OutboundMessage.sender,
    OutboundMessage.expires_at,
    OutboundMessage.accepted_at,
    OutboundMessage.redacted_at,
    OutboundMessage.tenant_id,
    OutboundMessage.phone_id,
    Phone.sealed_number,
    Phone.verified_at,
    Phone.opted_out_at,
    Person.id,
    Person.organization_id,
    Organization.name,
    SUPPORT,
    OutboundMessage.request_id,
    Request.sealed_password,
    case((Proof.ended_at.is_(None), Proof.seed), else_=None),
    OutboundMessage.proof_id,
    Phone.forget_at,
    Request.word_seed,
    Request.confirmed_at,
    Organization.country,
)
_LETTERS: Final = (
    select(*_COLUMNS)
    .join_from(OutboundMessage, Phone)
    .join(Person, Phone.person_id == Person.id)
    .join(Organization, Person.organization_id == Organization.id)
    .join(Tenant, Organization.tenant_id == Tenant.id)
    .outerjoin(Request, OutboundMessage.request_id == Request.id)
    .outerjoin(Proof, OutboundMessage.proof_id == Proof.id)
    .with_for_update(of=OutboundMessage)
)
_BY_ID: Final = _LETTERS.where(OutboundMessage.id == bindparam("message_id"))
_BY_SID: Final = _LETTERS.where(OutboundMessage.sid == bindparam("sid"))


def letter_by_id(session: Session, message_id: int) -> Letter | None:
    """The text, locked until the transaction ends."""
    row = session.connection().execute(_BY_ID, {"message_id": message_id}).first()
    return Letter(*row) if row else None


def letter_by_sid(session: Session, sid: str) -> Letter | None:
    """The text with this id at the carrier, locked until the transaction ends."""
    row = session.connection().execute(_BY_SID, {"sid": sid}).first()
    return Letter(*row) if row else None


def other_phone(session: Session, letter: Letter) -> OtherPhone | None:
    wanted = {"person_id": letter.person_id, "request_id": letter.request_id}
    row = session.connection().execute(_OTHER_PHONE, wanted).first()
    return OtherPhone(*row) if row else None


_TRIED: Final = select(OutboundMessage.phone_id).where(
    OutboundMessage.request_id == bindparam("request_id")
)
_ASKED_AT: Final = (
    select(Request.created_at).where(Request.id == bindparam("request_id")).scalar_subquery()
)
"""A number that was proved since then gets no answer: it could be of whoever reads the mailbox."""

_OTHER_PHONE: Final = (
    select(Phone.id, Phone.tenant_id, LANGUAGE)
    .join_from(Phone, Person, Phone.person_id == Person.id)
    .join(Organization, Person.organization_id == Organization.id)
    .where(
        Person.id == bindparam("person_id"),
        Phone.verified_at.is_not(None),
        Phone.opted_out_at.is_(None),
        Phone.id.not_in(_TRIED),
        Phone.verified_at <= _ASKED_AT,
    )
    .order_by(Phone.id)
    .limit(1)
)


def change_text(
    session: Session,
    message_id: int,
    *states: OutboundState,
    attempt: int | None = None,
    **values: Any,
) -> bool:
    """Change a text that stands in one of these states and, where given, is at this attempt."""
    statement = _changing(states, tuple(values), fenced=attempt is not None)
    told = {f"new_{name}": value for name, value in values.items()}
    told |= {"message_id": message_id} | ({} if attempt is None else {"attempt_held": attempt})
    return session.connection().execute(statement, told).rowcount > 0


@cache
def _changing(states: tuple[OutboundState, ...], names: tuple[str, ...], *, fenced: bool) -> Update:
    """Made once for each kind of change: making a statement costs as much as running it."""
    texts = table_of(OutboundMessage).c
    statement = update(table_of(OutboundMessage)).where(texts.id == bindparam("message_id"))
    if states:
        statement = statement.where(texts.state.in_(states))
    if fenced:
        statement = statement.where(texts.attempt == bindparam("attempt_held"))
    return statement.values({name: bindparam(f"new_{name}") for name in names})
