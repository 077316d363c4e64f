"""Inviting people: one link each, by mail, repeated a few times, and renewed when asked for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from gateway.engine.notices import InvitationMail, Terms, expiry_of, invited
from gateway.links import Links, Signed
from gateway.policy import EnrolProof, Policy
from gateway.records import Invitation, Person
from gateway.records.audit import Event, record
from gateway.records.base import did_change
from gateway.records.database import Database
from gateway.records.invitations import (
    InvitationEnd,
    Purpose,
    end_invitations,
    open_invitation,
)
from gateway.records.policies import policy_of
from gateway.records.proofs import ProofEnd, newest_proof, open_proof
from handlers.conversation import Fact

log = structlog.get_logger()

NONCE_BYTES: Final = 16
JUST_SENT: Final = timedelta(minutes=10)
"""Whoever asks for a fresh link again within this time has one under way."""

NOT_NOW: Final = timedelta(minutes=30)
"""A reminder waits so long for somebody who is just typing in a code."""


WHILE_FROZEN: Final = timedelta(days=1)
"""How often it is tried whether somebody who is frozen can be written to again."""


class Left(StrEnum):
    """Why somebody cannot be invited."""

    NO_EMAIL = "no_email"
    SUSPENDED = "suspended"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class Invited:
    """What came of inviting one person."""

    username: str
    purpose: Purpose | None
    """None where they were left out."""
    left: Left | None = None


def invite(session: Session, person: Person, now: datetime, *, mode: str) -> Invited:
    """Send somebody a link; whatever link they have had works no more.

    Who has a proved number already gets one with which they can change it.
    """
    if left := why_left(person):
        return Invited(person.username, None, left)
    purpose = purpose_for(person)
    policy = policy_of(session, person)
    invitation = issue(session, person, policy, now)
    _mail(session, invitation, _MAILS[purpose], policy, now)
    person.invited_at = person.invited_at or now
    record(session, Event.PERSON_INVITED, person, now, reason=purpose, mode=mode)
    return Invited(person.username, purpose)


def why_left(person: Person) -> Left | None:
    if person.suspended_at:
        return Left.SUSPENDED
    if person.frozen_at:
        return Left.FROZEN
    return None if person.email else Left.NO_EMAIL


def purpose_for(person: Person) -> Purpose:
    """A proved number is changed, and the old one told of it; without one there is none yet."""
    is_registered = any(phone.verified_at for phone in person.phones)
    return Purpose.NEW_NUMBER if is_registered else Purpose.ACTIVATION


def issue(
    session: Session, person: Person, policy: Policy, now: datetime, *, reminders: int = 0
) -> Invitation:
    """A new invitation in the place of any other."""
    _one_at_a_time(session, person)
    end_invitations(session, person.id, InvitationEnd.NEWER, now)
    purpose = purpose_for(person)
    invitation = Invitation(
        tenant_id=person.tenant_id,
        organization_id=person.organization_id,
        person_id=person.id,
        purpose=purpose,
        nonce=secrets.token_hex(NONCE_BYTES),
        created_at=now,
        expires_at=now + timedelta(hours=policy.link_hours),
        reminders=reminders,
        remind_at=_next_reminder(policy, reminders, now) if purpose is Purpose.ACTIVATION else None,
    )
    session.add(invitation)
    session.flush()
    return invitation


def _one_at_a_time(session: Session, person: Person) -> None:
    """Of two who invite somebody at once, the second ends the invitation of the first."""
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update())


def _next_reminder(policy: Policy, sent: int, now: datetime) -> datetime | None:
    """The days of the policy count from the first mail; each reminder is sent on its day."""
    days = (0, *policy.reminder_days)
    return now + timedelta(days=days[sent + 1] - days[sent]) if sent + 1 < len(days) else None


def _mail(
    session: Session, invitation: Invitation, kind: InvitationMail, policy: Policy, now: datetime
) -> None:
    asks_password = policy.enrol_proof is EnrolProof.DIRECTORY_PASSWORD
    terms = Terms(invitation.expires_at, asks_password=asks_password)
    invited(session, invitation.person, kind, invitation.id, terms, now)


_MAILS: Final = {
    Purpose.ACTIVATION: InvitationMail.FIRST,
    Purpose.NEW_NUMBER: InvitationMail.REGISTERED,
}


class Reminding:
    """Sends the next mail of an invitation: a reminder on its day, or a fresh link when asked."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def remind(self, invitation_id: int) -> None:
        """Safe to call twice, from anywhere, at any time."""
        with self._database.transaction() as session:
            self._remind(session, invitation_id, self._now())

    def _remind(self, session: Session, invitation_id: int, now: datetime) -> None:
        was_asked = session.get(Invitation, invitation_id)
        if was_asked is None or not _take(session, invitation_id):
            return
        invitation, person = was_asked, was_asked.person
        if _was_revoked(session, person):
            return
        if left := why_left(person):
            _put_off(invitation, left, now)
            return
        if invitation.asked_at:
            invitation.asked_at = None
            if not _need_not_be_repeated(session, person, now):
                invite(session, person, now, mode="web")
        elif invitation.ended_at is None and purpose_for(person) is Purpose.ACTIVATION:
            self._repeat(session, invitation, now)

    def _repeat(self, session: Session, invitation: Invitation, now: datetime) -> None:
        proof = open_proof(session, invitation.id)
        if proof and now < proof.expires_at:
            invitation.remind_at = now + NOT_NOW
            return
        person, sent = invitation.person, invitation.reminders + 1
        policy = policy_of(session, person)
        fresh = issue(session, person, policy, now, reminders=sent)
        _mail(session, fresh, InvitationMail.REMINDER, policy, now)
        record(session, Event.PERSON_REMINDED, person, now, reason=str(sent), mode="web")


def _need_not_be_repeated(session: Session, person: Person, now: datetime) -> bool:
    """A mail is on its way, or the MSP has to attest a number that was proved with the link."""
    current = open_invitation(session, person.id)
    if current is None or current.expires_at <= now:
        return False
    proof = newest_proof(session, current.id)
    waits = proof is not None and proof.ended_for == ProofEnd.PROVED
    return waits or now < current.created_at + JUST_SENT


def _put_off(invitation: Invitation, left: Left, now: datetime) -> None:
    """Until they can be written to: nobody is to believe that they have a link meanwhile."""
    if left is Left.FROZEN:
        invitation.remind_at = now + WHILE_FROZEN
    elif left is Left.NO_EMAIL and purpose_for(invitation.person) is Purpose.ACTIVATION:
        invitation.person.invited_at = None


def _was_revoked(session: Session, person: Person) -> bool:
    """No older link brings a fresh one either; only an operator's does."""
    newest = select(Invitation.ended_for).where(Invitation.person_id == person.id)
    ended_for = session.scalar(newest.order_by(Invitation.id.desc()).limit(1))
    return ended_for == InvitationEnd.REVOKED


def _take(session: Session, invitation_id: int) -> bool:
    """Of two who remind at once, one does."""
    return did_change(
        session,
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.remind_at.is_not(None))
        .values(remind_at=None),
    )


class InvitationLinks:
    """Makes the link of an invitation, whose time begins when its mail is handed over."""

    def __init__(self, database: Database, links: Links, now: Callable[[], datetime]) -> None:
        self._database = database
        self._links = links
        self._now = now

    def __call__(self, invitation_id: int) -> Mapping[str, Fact] | None:
        """None where the invitation has ended: then there is nothing to write about."""
        with self._database.transaction() as session:
            invitation = session.get(Invitation, invitation_id, with_for_update=True)
            if invitation is None or invitation.ended_at:
                return None
            life = timedelta(hours=policy_of(session, invitation.person).link_hours)
            invitation.expires_at = max(invitation.expires_at, self._now() + life)
            link = Signed(invitation.purpose, invitation.id, invitation.nonce)
            return {"link": self._links.url(link), "expires": expiry_of(invitation)}
