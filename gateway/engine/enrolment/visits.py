"""A visit: somebody has opened a link; who they are, and which step comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from gateway.branding import Brand, brand_of
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.links import Links, Signed
from gateway.phones import PhoneNumber
from gateway.policy import EnrolProof, Policy
from gateway.records import Invitation, OutboundMessage, Person, Proof
from gateway.records.database import Database
from gateway.records.invitations import InvitationEnd, Purpose
from gateway.records.messages import OutboundState
from gateway.records.policies import policy_of
from gateway.records.proofs import ProofEnd, newest_proof
from gateway.seal import Seal

NOBODY: Final = 0
"""No invitation has this id."""

NO_LINK: Final = Signed("", NOBODY, "")
"""Looked up where a link is not ours: a made-up link costs the same as a dead one."""


class Known(NamedTuple):
    """What a link of ours is for. Nothing is loaded but ids: else a dead link took longer."""

    invitation_id: int
    tenant_id: int
    organization_id: int
    person_id: int
    works: bool


class Step(StrEnum):
    """What a person has to do next."""

    IDENTIFY = "identify"
    """Give the password of the directory."""
    NUMBER = "number"
    CODE = "code"
    APPROVAL = "approval"
    """Wait for the MSP to attest that it is them."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at an invitation, with nothing left to ask the database for."""

    invitation_id: int
    person_id: int
    tenant_id: int
    organization_id: int
    purpose: Purpose
    step: Step
    brand: Brand
    policy: Policy
    country: str
    language: str
    display_name: str
    username: str
    is_helped: bool
    """Whether they may help themselves once the number is proved."""
    number: PhoneNumber | None = None
    """The one that is being proved, or that was."""
    code_until: datetime | None = None
    sent_at: datetime | None = None
    was_undelivered: bool = False
    """The carrier has said that the code did not reach the number."""
    consent_needed: bool = field(default=True)


class Visits:
    """Opens links. A link that works no more, for whatever reason, is simply dead."""

    def __init__(
        self, database: Database, seal: Seal, links: Links, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._seal = seal
        self._links = links
        self._now = now

    def open(self, token: str) -> Visit:
        """What the holder of a link sees. It changes nothing: mail scanners open links too.

        Raises StepRefused(LINK_DEAD).
        """
        with self._database.reading() as session:
            invitation = self.found(session, token)
            if invitation is None:
                raise StepRefused(Reason.LINK_DEAD)
            return self.visit(session, invitation)

    def found(self, session: Session, token: str) -> Invitation | None:
        """The invitation of a link that still works, or whose number was just proved with it."""
        known = self.known(session, token)
        if known is None or not known.works:
            return None
        with_person = joinedload(Invitation.person).joinedload(Person.organization)
        return session.get(Invitation, known.invitation_id, options=[with_person])

    def known(self, session: Session, token: str) -> Known | None:
        """What a link of ours is for, dead or alive. For any other link the very same is asked."""
        signed = self._links.read(token) or NO_LINK
        row = session.execute(
            select(
                Invitation.id,
                Invitation.tenant_id,
                Invitation.organization_id,
                Invitation.person_id,
                _works(self._now()).label("works"),
            )
            .join(Person, Invitation.person_id == Person.id)
            .where(
                Invitation.id == signed.invitation_id,
                Invitation.purpose == signed.purpose,
                Invitation.nonce == signed.nonce,
            )
        ).one_or_none()
        return Known(*row) if row else None

    def visit(self, session: Session, invitation: Invitation) -> Visit:
        person, organization = invitation.person, invitation.person.organization
        policy = policy_of(session, person)
        proof = newest_proof(session, invitation.id)
        return Visit(
            invitation_id=invitation.id,
            person_id=person.id,
            tenant_id=person.tenant_id,
            organization_id=organization.id,
            purpose=Purpose(invitation.purpose),
            step=_step(invitation, proof, policy, self._now()),
            brand=brand_of(session, organization),
            policy=policy,
            country=organization.country,
            language=person.language or organization.language,
            display_name=person.display_name,
            username=person.username,
            is_helped=person.self_serve and policy.self_serve and person.frozen_at is None,
            number=self._number(proof),
            code_until=proof.expires_at if proof else None,
            sent_at=proof.sent_at if proof else None,
            was_undelivered=proof is not None and _was_undelivered(session, proof),
        )

    def _number(self, proof: Proof | None) -> PhoneNumber | None:
        if proof is None:
            return None
        return PhoneNumber(self._seal.unseal(proof.phone.sealed_number).get_secret_value())


def _works(now: datetime) -> ColumnElement[bool]:
    """One that was used shows how it ended, until its time is over or there is a newer one.

    People reload pages; but what an older link brought may be true no more.
    """
    any_of_theirs = aliased(Invitation)
    newest = select(func.max(any_of_theirs.id)).where(
        any_of_theirs.person_id == Invitation.person_id
    )
    was_used_last = and_(
        Invitation.ended_for == InvitationEnd.USED, Invitation.id == newest.scalar_subquery()
    )
    return and_(
        Invitation.expires_at > now,
        Person.suspended_at.is_(None),
        Person.frozen_at.is_(None),
        or_(Invitation.ended_at.is_(None), was_used_last),
    )


def _step(invitation: Invitation, proof: Proof | None, policy: Policy, now: datetime) -> Step:
    if invitation.ended_at is not None:
        return Step.DONE
    if policy.enrol_proof is EnrolProof.DIRECTORY_PASSWORD and invitation.identified_at is None:
        return Step.IDENTIFY
    if proof is None:
        return Step.NUMBER
    if proof.ended_for == ProofEnd.PROVED:
        return Step.APPROVAL
    return Step.CODE if proof.ended_at is None and now < proof.expires_at else Step.NUMBER


def _was_undelivered(session: Session, proof: Proof) -> bool:
    newest = session.scalar(
        select(OutboundMessage.state)
        .where(OutboundMessage.proof_id == proof.id)
        .order_by(OutboundMessage.id.desc())
        .limit(1)
    )
    return newest in {OutboundState.UNDELIVERED, OutboundState.FAILED}
