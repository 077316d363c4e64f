"""What is announced by mail when a text cannot tell it: to the person, and to the MSP."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from gateway.engine.mailing import write
from gateway.phones import PhoneNumber
from gateway.records import Person, Request


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


def approval_waits(session: Session, person: Person, now: datetime) -> None:
    """A number was proved, and the MSP has to attest whose it is."""
    facts = {"username": person.username}
    write(session, person.organization, "approval_waits_msp", facts, now=now)


def number_is_theirs(
    session: Session, person: Person, number: PhoneNumber, our_number: str, now: datetime
) -> None:
    """A person's first number is in use from now on."""
    facts = {**_names(person), "number": number.masked, "our_number": our_number}
    write(session, person, "enrolled", facts, now=now)


def number_was_changed(
    session: Session, person: Person, number: PhoneNumber, hold_hours: int, now: datetime
) -> None:
    """Another number is in use from now on: if it was not them, they have to hear of it."""
    facts = {**_names(person), "number": number.masked, "hours": str(hold_hours)}
    write(session, person, "number_changed", facts, now=now)


def _names(person: Person) -> dict[str, str]:
    return {"display_name": person.display_name, "username": person.username}


def written_time(when: datetime, zone: ZoneInfo) -> str:
    """`3 Nov 2026 14:05 CET`: true whenever the mail is read."""
    local = when.astimezone(zone)
    return f"{local.day} {local:%b %Y %H:%M %Z}"
