"""The MSP attests that a number is whose it is said to be, before or after it was proved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.carriers import OurLine
from gateway.engine.enrolment.completing import enrol
from gateway.engine.enrolment.numbers import refuse_taken
from gateway.phones import PhoneNumber
from gateway.policy import Policy
from gateway.records import Invitation, Person
from gateway.records.audit import Event, record
from gateway.records.invitations import Identified, open_invitation
from gateway.records.policies import policy_of
from gateway.records.proofs import ProofEnd, newest_proof
from gateway.seal import Seal


class Approved(StrEnum):
    """What came of it."""

    ENROLLED = "enrolled"
    """Their number was proved already: from now on it is theirs."""
    ATTESTED = "attested"
    """Their number will be theirs as soon as they prove it."""
    NOT_INVITED = "not_invited"
    """There is no invitation that could be approved."""
    CHANGED = "changed"
    """It is not any more what was looked at."""


@dataclass(frozen=True, slots=True)
class Attested:
    """Whose number it becomes."""

    person_id: int
    organization_id: int
    policy: Policy


@dataclass(frozen=True, slots=True)
class Waiting:
    """What there is to attest."""

    invitation_id: int
    number: PhoneNumber | None
    """The one that they have proved; None where it would be whatever they prove with this link."""


def waiting(session: Session, seal: Seal, person: Person, now: datetime) -> Waiting | None:
    """None where there is no invitation that could be approved."""
    invitation = open_invitation(session, person.id)
    if invitation is None or person.suspended_at or person.frozen_at:
        return None
    proof = newest_proof(session, invitation.id)
    if proof and proof.ended_for == ProofEnd.PROVED:
        number = seal.unseal(proof.phone.sealed_number).get_secret_value()
        return Waiting(invitation.id, PhoneNumber(number))
    return Waiting(invitation.id, None) if now < invitation.expires_at else None


def approve(
    session: Session,
    seal: Seal,
    person: Person,
    line: OurLine,
    now: datetime,
    *,
    seen: Waiting | None = None,
) -> Approved:
    """Attest, for the invitation that is open; with another it has to be done again.

    Where `seen` is given, only that is attested. Raises StepRefused where the number has become
    too many people's meanwhile, has texted STOP, or is theirs already: nothing may be committed.
    """
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update())
    found = waiting(session, seal, person, now)
    if found is None:
        return Approved.NOT_INVITED
    if seen not in {None, found}:
        return Approved.CHANGED
    invitation = session.get_one(Invitation, found.invitation_id)
    invitation.identified_at, invitation.identified_by = now, Identified.OPERATOR
    record(session, Event.IDENTITY_PROVED, person, now, reason="operator", mode="cli")
    proof = newest_proof(session, invitation.id)
    if proof is None or found.number is None:
        return Approved.ATTESTED
    attested = Attested(person.id, person.organization_id, policy_of(session, person))
    refuse_taken(session, seal, attested, found.number)
    enrol(session, seal, invitation, proof.phone, line, now)
    return Approved.ENROLLED
