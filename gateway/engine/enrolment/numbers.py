"""Whether a number may become somebody's, and the row that it has until it is proved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import phonenumbers
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Visit
from gateway.phones import PhoneNumber, PhoneNumberInvalid
from gateway.policy import Policy
from gateway.records import Person, Phone
from gateway.seal import Seal

UNPROVED_LIFE: Final = timedelta(days=1)
"""How long a number that nobody proved is kept."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody filled in on the page of the number."""

    number: str
    country: str
    agrees: bool
    wording: str
    address: str
    """The IP address that it came from, kept with the consent."""


class Newcomer(Protocol):
    """Whose a number is to become."""

    @property
    def person_id(self) -> int: ...
    @property
    def organization_id(self) -> int: ...
    @property
    def policy(self) -> Policy: ...


def checked_number(wish: Wish, visit: Visit) -> PhoneNumber:
    """A number that may be enrolled. Raises StepRefused, before anything is counted or sent."""
    try:
        number = PhoneNumber.parse(wish.number, wish.country)
    except PhoneNumberInvalid as error:
        raise StepRefused(Reason.NUMBER_WRONG, detail=error.reason) from None
    region = phonenumbers.region_code_for_number(phonenumbers.parse(number.e164, None))
    if region not in (visit.policy.countries or (visit.country,)):
        raise StepRefused(Reason.COUNTRY_CLOSED, detail=region or "")
    return number


def refuse_taken(session: Session, seal: Seal, visit: Newcomer, number: PhoneNumber) -> None:
    """Raises StepRefused where the number has texted STOP, is theirs, or is too many people's."""
    same = session.execute(
        select(Phone.person_id, Phone.verified_at, Phone.opted_out_at, Person.organization_id)
        .join(Person, Phone.person_id == Person.id)
        .where(Phone.number_index.in_(seal.indexes(number.e164)))
    ).all()
    if any(each.opted_out_at for each in same):
        raise StepRefused(Reason.NUMBER_STOPPED)
    verified = [each for each in same if each.verified_at]
    if any(each.person_id == visit.person_id for each in verified):
        raise StepRefused(Reason.NUMBER_KEPT)
    sharing = [each for each in verified if each.organization_id == visit.organization_id]
    if len(sharing) >= visit.policy.people_per_number:
        raise StepRefused(Reason.NUMBER_SHARED)


def as_phone(
    session: Session, seal: Seal, person: Person, number: PhoneNumber, now: datetime
) -> Phone:
    """The number as one of theirs that is not verified; nobody can text from it yet."""
    indexes = seal.indexes(number.e164)
    known = session.scalar(
        select(Phone).where(Phone.person_id == person.id, Phone.number_index.in_(indexes))
    )
    if known:
        known.forget_at = now + UNPROVED_LIFE  # so that neither a sync nor an import takes it away
        return known
    phone = Phone(
        tenant_id=person.tenant_id,
        person_id=person.id,
        sealed_number=seal.seal(SecretStr(number.e164)),
        number_index=indexes[0],
        forget_at=now + UNPROVED_LIFE,
        created_at=now,
    )
    session.add(phone)
    session.flush()
    return phone
