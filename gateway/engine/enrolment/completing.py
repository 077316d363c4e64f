"""A number was proved: it becomes theirs, the one before it is let go, and both are told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from gateway.carriers import OurLine
from gateway.engine import notices
from gateway.engine.outbox import To, write
from gateway.phones import PhoneNumber
from gateway.policy import EnrolProof
from gateway.records import Invitation, Person, Phone, Proof
from gateway.records.audit import Event, record
from gateway.records.base import did_change
from gateway.records.invitations import Identified, InvitationEnd
from gateway.records.policies import policy_of
from gateway.records.proofs import ProofEnd
from gateway.seal import Seal

log = structlog.get_logger()

REPLACED_LIFE: Final = timedelta(days=1)
"""How long a number that was replaced is kept, so that it can still be told."""

APPROVAL_LIFE: Final = timedelta(days=14)
"""How long the MSP has to attest whose number it is."""

BY_CODE: Final = "code"
"""Who vouches for a number that its holder has proved."""


def complete(
    session: Session,
    seal: Seal,
    invitation: Invitation,
    proof: Proof,
    line: OurLine,
    now: datetime,
) -> None:
    """The right code has come back. Where the MSP has to attest it, it waits for that."""
    _end(session, proof, now)
    record(session, Event.PHONE_PROVED, invitation.person, now, mode="web")
    attested = policy_of(session, invitation.person).enrol_proof is not EnrolProof.OPERATOR
    if attested or invitation.identified_by == Identified.OPERATOR:
        enrol(session, seal, invitation, proof.phone, line, now)
    else:
        _wait_for_approval(session, seal, invitation, proof, now)


def _wait_for_approval(
    session: Session, seal: Seal, invitation: Invitation, proof: Proof, now: datetime
) -> None:
    """The link shows that it waits, the number is kept, and nobody is reminded meanwhile."""
    invitation.expires_at, invitation.remind_at = now + APPROVAL_LIFE, None
    if proof.phone.forget_at:
        proof.phone.forget_at = now + APPROVAL_LIFE
    notices.approval_waits(session, invitation.person, _number(seal, proof.phone), now)


def enrol(
    session: Session,
    seal: Seal,
    invitation: Invitation,
    phone: Phone,
    line: OurLine,
    now: datetime,
) -> None:
    """From now on texts from this number are theirs. The link has done its work."""
    person = invitation.person
    _use(session, invitation, now)
    replaced = _replace(session, person, phone, line, now)
    phone.verified_at, phone.verified_by = now, BY_CODE
    phone.forget_at = phone.replaced_at = None
    session.flush()
    record(session, Event.PHONE_VERIFIED, person, now, reason=BY_CODE, mode="web")
    write(session, To.phone_of(person, phone.id), "enrolled", {}, sender=line.sender, now=now)
    number = _number(seal, phone)
    if replaced:
        hours = _hold(session, person, now)
        notices.number_was_changed(session, person, number, hours, now)
        notices.number_was_changed_on_the_page(session, person, number, now)
    else:
        notices.number_is_theirs(session, person, number, line.number, now)


def _number(seal: Seal, phone: Phone) -> PhoneNumber:
    return PhoneNumber(seal.unseal(phone.sealed_number).get_secret_value())


def _end(session: Session, proof: Proof, now: datetime) -> None:
    if not did_change(
        session,
        update(Proof)
        .where(Proof.id == proof.id, Proof.ended_at.is_(None))
        .values(ended_at=now, ended_for=ProofEnd.PROVED),
    ):
        raise AssertionError("a code was taken twice in one transaction")


def _use(session: Session, invitation: Invitation, now: datetime) -> None:
    session.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.ended_at.is_(None))
        .values(ended_at=now, ended_for=InvitationEnd.USED, remind_at=None)
    )


def _replace(
    session: Session, person: Person, phone: Phone, line: OurLine, now: datetime
) -> list[Phone]:
    """Whatever number was theirs is theirs no more, and is told so; they are kept for a day."""
    others = [each for each in person.phones if each.id != phone.id and not each.forget_at]
    verified = [each for each in others if each.verified_at]
    for each in others:
        each.forget_at = now + REPLACED_LIFE
    for each in verified:
        each.verified_at, each.verified_by, each.replaced_at = None, "", now
        to = To.phone_of(person, each.id)
        write(session, to, "number_replaced", {}, sender=line.sender, now=now)
        record(session, Event.PHONE_REPLACED, person, now, mode="web")
    return verified


def _hold(session: Session, person: Person, now: datetime) -> int:
    """Whoever has got into somebody's mail gets no password with it for so many hours."""
    hours = policy_of(session, person).hold_after_phone_change_hours
    person.reset_held_until = now + timedelta(hours=hours) if hours else None
    return hours
