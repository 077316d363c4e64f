"""What is announced by mail: invitations, and what a text cannot tell or should not alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from gateway.engine.mailing import write
from gateway.phones import PhoneNumber
from gateway.records import Mail, Person, Request
from handlers.conversation import Fact


class InvitationMail(StrEnum):
    """The mails that tell a person the link by which they set up their phone."""

    FIRST = "activation"
    REMINDER = "activation_reminder"
    REGISTERED = "activation_again"
    """For who has set one up already, and may want to change it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a mail says of its link: until when it works, and what the page will ask for."""

    expires_at: datetime
    asks_password: bool = False


def invited(
    session: Session,
    person: Person,
    kind: InvitationMail,
    invitation_id: int,
    terms: Terms,
    now: datetime,
) -> Mail:
    """A person gets their link. It is made when the mail is sent, and stands in no record."""
    facts = {
        **_greeting(person),
        "expires": written_time(terms.expires_at, _zone(person)),
        "asks_password": terms.asks_password,
    }
    return write(session, person, kind, facts, now=now, invitation_id=invitation_id)


def approval_waits(session: Session, person: Person, now: datetime) -> Mail:
    """A number was proved, and the MSP has to attest whose it is."""
    facts: dict[str, Fact] = {"username": person.username}
    return write(session, person.organization, "approval_waits_msp", facts, now=now)


def number_is_theirs(
    session: Session, person: Person, number: PhoneNumber, our_number: str, now: datetime
) -> Mail:
    """A phone was set up: what to text, and to which number (E.164; empty if there are several)."""
    facts = {**_greeting(person), "number": number.masked, "our_number": our_number}
    return write(session, person, "enrolled", facts, now=now)


def number_was_changed(
    session: Session, person: Person, number: PhoneNumber, hold_hours: int, now: datetime
) -> Mail:
    """Another number was set up: whoever did not do it themselves has to hear of it."""
    facts = {**_greeting(person), "number": number.masked, "hours": str(hold_hours)}
    return write(session, person, "number_changed", facts, now=now)


def password_untold(session: Session, request: Request, reason: str, now: datetime) -> None:
    """A password was set and nobody could be told it: the person and the MSP hear of it."""
    write(session, request.person, "password_untold", {}, now=now, request=request)
    facts = {
        "username": request.person.username,
        "request": str(request.id),
        "when": written_time(request.created_at, ZoneInfo(request.organization.time_zone)),
        "reason": reason,
    }
    organization = request.organization
    write(session, organization, "password_untold_msp", facts, now=now, request=request)


def one_time_password_expired(session: Session, request: Request, now: datetime) -> None:
    """A one-time password was not used in time and works no more: the person hears of it."""
    write(session, request.person, "one_time_password_expired", {}, now=now, request=request)


def _greeting(person: Person) -> dict[str, Fact]:
    return {"display_name": person.display_name, "username": person.username}


def _zone(person: Person) -> ZoneInfo:
    return ZoneInfo(person.organization.time_zone)


def written_time(when: datetime, zone: ZoneInfo) -> str:
    """`3 Nov 2026 14:05 CET`: true whenever the mail is read."""
    local = when.astimezone(zone)
    return f"{local.day} {local:%b %Y %H:%M %Z}"
