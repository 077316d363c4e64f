"""Suspended: nothing is done for them, and no link of theirs works, until they are back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from gateway.records.audit import Event, record
from gateway.records.invitations import (
    InvitationEnd,
    ask_anew_after_suspension,
    end_invitations,
)
from gateway.records.people import Person, Suspension


def suspend(session: Session, person: Person, why: Suspension, now: datetime, *, mode: str) -> None:
    """From this commit on, whatever they text changes nothing. They keep their phones."""
    person.suspended_at, person.suspended_for = now, why
    end_invitations(session, person.id, InvitationEnd.SUSPENDED, now)
    record(session, Event.PERSON_SUSPENDED, person, now, reason=why, mode=mode)


def unsuspend(session: Session, person: Person, now: datetime, *, mode: str) -> None:
    """They can text as before. Who had been invited and not enrolled yet is sent a fresh link."""
    reason = person.suspended_for
    person.suspended_at, person.suspended_for = None, ""
    ask_anew_after_suspension(session, person.id, now)
    record(session, Event.PERSON_UNSUSPENDED, person, now, reason=reason, mode=mode)
