"""How far somebody has come, from imported to active, and what they lack to be helped."""

from __future__ import annotations

from enum import StrEnum

from gateway.records.people import Person
from gateway.records.phones import Phone


class Status(StrEnum):
    """Where a person stands. The last three say why nothing is done, however far they had come."""

    IMPORTED = "imported"
    INVITED = "invited"
    REGISTERED = "registered"
    """With a verified phone, and an email where one is required."""
    ACTIVE = "active"
    """Registered, and has got something by text."""
    SUSPENDED = "suspended"
    OPTED_OUT = "opted_out"
    """Has texted STOP, so that no answer could reach them."""
    FROZEN = "frozen"


class Missing(StrEnum):
    """What notices and help by text need."""

    EMAIL = "email"
    PHONE = "phone"


def status_of(person: Person, *, email_required: bool) -> Status:
    """What keeps somebody from help comes first, so that it is seen before they need it."""
    if person.suspended_at:
        return Status.SUSPENDED
    if person.frozen_at:
        return Status.FROZEN
    if has_opted_out(person):
        return Status.OPTED_OUT
    lacking = missing_of(person)
    if Missing.PHONE not in lacking and not (email_required and Missing.EMAIL in lacking):
        return Status.ACTIVE if person.used_at else Status.REGISTERED
    return Status.INVITED if person.invited_at else Status.IMPORTED


def missing_of(person: Person) -> tuple[Missing, ...]:
    """An email is named also where no policy asks for it: nothing can be announced without."""
    phone = () if any(each.verified_at for each in person.phones) else (Missing.PHONE,)
    return (*(() if person.email else (Missing.EMAIL,)), *phone)


def has_opted_out(person: Person) -> bool:
    """One number that still takes our texts is enough."""
    phones = [phone for phone in person.phones if phone.forget_at is None]
    return any(phone.opted_out_at for phone in phones) and not any(map(_is_usable, phones))


def _is_usable(phone: Phone) -> bool:
    return phone.verified_at is not None and phone.opted_out_at is None
