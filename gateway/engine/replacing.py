"""One number takes the place of another: the old one and the person are told, and RESET waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from gateway.engine import notices
from gateway.engine.outbox import OUR_LINE, To, write
from gateway.phones import PhoneNumber
from gateway.records import Person, Phone
from gateway.records.audit import Event, record
from gateway.records.policies import policy_of
from gateway.seal import Seal

REPLACED_LIFE: Final = timedelta(days=1)
"""How long a number that was replaced is kept, so that it can still be told."""


def replace(
    session: Session,
    seal: Seal,
    old: Sequence[Phone],
    new: Phone,
    now: datetime,
    *,
    mode: str,
    reason: str = "",
    sender: str = OUR_LINE,
) -> None:
    """`new` is verified now, and each of `old` was until now: whoever vouches for it, as anybody
    may have written it there who has got into a mailbox, a directory or a file."""
    person = new.person
    for each in old:
        each.verified_at, each.verified_by = None, ""
        each.replaced_at, each.forget_at = now, now + REPLACED_LIFE
        if each.opted_out_at is None:  # else the mail to them has to do
            to = To.phone_of(person, each.id)
            write(session, to, "number_replaced", {}, sender=sender, now=now)
        record(session, Event.PHONE_REPLACED, person, now, reason=reason, mode=mode)
    hours = _hold(session, person, now)
    number = PhoneNumber(seal.unseal(new.sealed_number).get_secret_value())
    notices.number_was_changed(session, person, number, hours, now)


def _hold(session: Session, person: Person, now: datetime) -> int:
    """Whoever has got that far gets no password with it for so many hours."""
    hours = policy_of(session, person).hold_after_phone_change_hours
    person.reset_held_until = now + timedelta(hours=hours) if hours else None
    return hours
