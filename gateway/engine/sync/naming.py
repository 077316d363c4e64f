"""Gives people the names that the directory has for them, also where two have swapped theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.engine.sync.facts import LONGEST_NAME
from gateway.engine.sync.target import Target
from gateway.records import Person
from gateway.records.audit import Event, record

BESIDES = "/"
"""Stands in no logon name of Active Directory, so what is made with it is nobody's."""
ROOM_FOR_AN_ID = 24


def make_room(
    session: Session,
    target: Target,
    wanted: Mapping[str, Person | None],
    now: datetime,
    *,
    mode: str,
) -> None:
    """Take names from whoever else has them: a name is of one person of an organization at a time.

    `wanted` has who is to get each name, by its key; None is somebody new. Who loses theirs gets
    another that the directory has for them; if that does not list them any more, they keep what
    is given here, and can be told from the new holder.
    """
    holders = select(Person).where(
        Person.organization_id == target.organization_id, Person.username_key.in_(wanted)
    )
    getting = {person.id for person in wanted.values() if person}
    for holder in session.scalars(holders).all():
        if wanted[holder.username_key] is holder:
            continue
        holder.username = _besides(holder.username, holder.id)
        holder.username_key = _besides(holder.username_key, holder.id)
        if holder.id not in getting:
            record(session, Event.PERSON_RENAMED, holder, now, reason="name_taken_over", mode=mode)
    session.flush()


def _besides(name: str, person_id: int) -> str:
    return f"{name[: LONGEST_NAME - ROOM_FOR_AN_ID]}{BESIDES}{person_id}"
