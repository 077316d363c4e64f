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
from gateway.records import Person, Phone
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


@dataclass(frozen=True, slots=True)
class Attested:
    """Whose number it becomes."""

    person_id: int
    organization_id: int
    policy: Policy


def approve(session: Session, seal: Seal, person: Person, line: OurLine, now: datetime) -> Approved:
    """Attest, for the invitation that is open; with another it has to be done again.

    Raises StepRefused where the number has become too many people's meanwhile, has texted STOP,
    or is theirs already: then nothing may be committed.
    """
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update())
    invitation = open_invitation(session, person.id)
    if invitation is None or person.suspended_at or person.frozen_at:
        return Approved.NOT_INVITED
    proof = newest_proof(session, invitation.id)
    proved = proof is not None and proof.ended_for == ProofEnd.PROVED
    if not proved and invitation.expires_at <= now:
        return Approved.NOT_INVITED
    invitation.identified_at, invitation.identified_by = now, Identified.OPERATOR
    record(session, Event.IDENTITY_PROVED, person, now, reason="operator", mode="cli")
    if proof is None or not proved:
        return Approved.ATTESTED
    attested = Attested(person.id, person.organization_id, policy_of(session, person))
    refuse_taken(session, seal, attested, _number(seal, proof.phone))
    enrol(session, seal, invitation, proof.phone, line, now)
    return Approved.ENROLLED


def _number(seal: Seal, phone: Phone) -> PhoneNumber:
    return PhoneNumber(seal.unseal(phone.sealed_number).get_secret_value())
