"""STOP and START: whether anything may be texted to a number at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.engine.answers import say
from gateway.engine.inbound import Handled, Heard
from gateway.records import Phone
from gateway.records.audit import Event, record
from gateway.records.people import Sender
from handlers.conversation import OptIn, OptOut, Say


def opt(
    session: Session,
    heard: Heard,
    found: Sequence[Sender],
    wish: OptOut | OptIn,
    *,
    carrier_answers: bool,
) -> Handled:
    """Out or in again. Who has opted out before keeps the time of the first STOP."""
    is_out = isinstance(wish, OptOut)
    out_at = heard.now if is_out else None
    event = Event.PHONE_OPTED_OUT if is_out else Event.PHONE_OPTED_IN
    for each in found:
        at = out_at and (each.opted_out_at or out_at)
        session.execute(update(Phone).where(Phone.id == each.phone_id).values(opted_out_at=at))
        record(session, event, each.about, heard.now)
    _opt_unverified(session, [each.phone_id for each in found], out_at)
    outcome = "opt_out" if is_out else "opt_in"
    stands_so = [bool(each.opted_out_at) == is_out for each in found]
    knows_already = all(stands_so)
    if carrier_answers or knows_already:
        return Handled(outcome)
    told = say(session, heard, found[0], Say("stopped" if is_out else "started"))
    return Handled(outcome, told.ring)


def opt_unproved(session: Session, indexes: Sequence[str], out_at: datetime | None) -> None:
    """STOP and START hold for a number that is just being proved as well."""
    unproved = Phone.number_index.in_(indexes)
    session.execute(update(Phone).where(unproved).values(opted_out_at=out_at))


def _opt_unverified(session: Session, phone_ids: Sequence[int], out_at: datetime | None) -> None:
    """The same number where it is not verified: nobody could lift its STOP otherwise."""
    same = select(Phone.number_index).where(Phone.id.in_(phone_ids))
    others = update(Phone).where(Phone.number_index.in_(same), Phone.verified_at.is_(None))
    session.execute(others.values(opted_out_at=out_at))
