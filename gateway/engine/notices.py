"""What is announced by mail when a text cannot tell it: to the person, and to the MSP."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from gateway.engine.mailing import write
from gateway.records import Request


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


def written_time(when: datetime, zone: ZoneInfo) -> str:
    """`3 Nov 2026 14:05 CET`: true whenever the mail is read."""
    local = when.astimezone(zone)
    return f"{local.day} {local:%b %Y %H:%M %Z}"
