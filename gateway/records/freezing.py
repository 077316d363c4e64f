"""Frozen: nothing is done for them by text, at their own wish or an operator's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from gateway.records.audit import Event, record
from gateway.records.people import Person


def freeze(session: Session, person: Person, now: datetime, *, mode: str) -> None:
    """From this commit on, whatever they text changes nothing, until an operator undoes it."""
    person.frozen_at = now
    record(session, Event.PERSON_FROZEN, person, now, mode=mode)


def unfreeze(session: Session, person: Person, now: datetime, *, mode: str) -> None:
    """They can text as before."""
    person.frozen_at = None
    record(session, Event.PERSON_UNFROZEN, person, now, mode=mode)
