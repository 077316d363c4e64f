"""Proving a number: a code is texted to it, and comes back through the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from pydantic import SecretStr
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from gateway import codes, consent
from gateway.carriers import OurLine
from gateway.engine.doorbell import Doorbell, JobName
from gateway.engine.enrolment.budgets import Budgets, pause_left
from gateway.engine.enrolment.completing import complete
from gateway.engine.enrolment.numbers import Wish, as_phone, checked_number, refuse_taken
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step, Visit, Visits
from gateway.engine.outbox import To, write
from gateway.phones import PhoneNumber
from gateway.records import Consent, Invitation, Person, Proof
from gateway.records.about import About
from gateway.records.audit import Event, record
from gateway.records.base import did_change
from gateway.records.database import Database
from gateway.records.proofs import ProofEnd, open_proof
from gateway.seal import Seal
from gateway.wording import LONGEST

log = structlog.get_logger()

CODE_LIFE: Final = timedelta(minutes=10)
"""NIST SP 800-63B-4 3.1.3.2: a code is good for ten minutes at most."""

TRIES: Final = 3


class Proving:
    """Texts codes and checks them. Each method is one step, taken whole or not at all."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        visits: Visits,
        budgets: Budgets,
        doorbell: Doorbell,
        now: Callable[[], datetime],
        *,
        line: OurLine,
        host: str,
    ) -> None:
        self._database = database
        self._seal = seal
        self._visits = visits
        self._budgets = budgets
        self._doorbell = doorbell
        self._now = now
        self._line = line
        self._host = host if len(host) <= LONGEST["host"] else ""

    def begin(self, token: str, wish: Wish) -> None:
        """Text a code to a number. Raises StepRefused."""
        visit = self._at(token, Step.NUMBER, Step.CODE)
        number = checked_number(wish, visit)
        if not wish.agrees or wish.wording not in consent.WORDINGS:
            raise StepRefused(Reason.NO_CONSENT)
        self._budgets.spend_code(visit, self._seal.index(number.e164))
        with self._database.transaction() as session:
            invitation = self._still(session, token)
            refuse_taken(session, self._seal, visit, number)
            self._agree(session, visit, number, wish)
            text = self._open(session, invitation, number)
        self._doorbell.ring(JobName.DELIVER, text)

    def again(self, token: str) -> None:
        """Text the same code once more. Raises StepRefused."""
        visit = self._at(token, Step.CODE)
        if visit.number is None or visit.sent_at is None:
            raise StepRefused(Reason.NO_CODE)
        self._budgets.spend_code(visit, self._seal.index(visit.number.e164))
        with self._database.transaction() as session:
            invitation = self._still(session, token)
            proof = open_proof(session, invitation.id)
            if proof is None:
                raise StepRefused(Reason.NO_CODE)
            proof.sends += 1
            proof.sent_at = self._now()
            text = self._write(session, proof, invitation.person)
        self._doorbell.ring(JobName.DELIVER, text)

    def check(self, token: str, given: str) -> None:
        """Take the code that somebody typed. Raises StepRefused.

        A try is counted before it is looked at, so that many at once are no more than three.
        """
        visit = self._at(token, Step.CODE, Step.NUMBER, Step.DONE, Step.APPROVAL)
        if visit.step in {Step.DONE, Step.APPROVAL}:
            return
        if not codes.looks_like_one(given):
            raise StepRefused(Reason.CODE_SHAPE)
        self._budgets.spend_try(visit)
        with self._database.transaction() as session:
            refused = self._tried(session, token, given)
        if refused:
            raise refused

    def _at(self, token: str, *steps: Step) -> Visit:
        visit = self._visits.open(token)
        if visit.step not in steps:
            raise StepRefused(Reason.NO_CODE if Step.CODE in steps else Reason.LINK_DEAD)
        return visit

    def _still(self, session: Session, token: str) -> Invitation:
        """The invitation, which may have been used or revoked since the page was looked at.

        It is locked, so that of two steps at once the second sees what the first has done.
        """
        invitation = self._visits.found(session, token)
        if invitation is None:
            raise StepRefused(Reason.LINK_DEAD)
        owner = select(Person.id).where(Person.id == invitation.person_id)
        session.execute(owner.with_for_update())
        session.refresh(
            invitation, ["ended_at", "identified_at", "identified_by"], with_for_update=True
        )
        if invitation.ended_at is not None:
            raise StepRefused(Reason.LINK_DEAD)
        return invitation

    def _agree(self, session: Session, visit: Visit, number: PhoneNumber, wish: Wish) -> None:
        now = self._now()
        about = About(visit.tenant_id, visit.organization_id, visit.person_id)
        session.add(
            Consent(
                tenant_id=visit.tenant_id,
                organization_id=visit.organization_id,
                person_id=visit.person_id,
                sealed_number=self._seal.seal(SecretStr(number.e164)),
                number_index=self._seal.index(number.e164),
                given_at=now,
                address=wish.address[:45],
                wording=wish.wording,
                language=consent.LANGUAGE,
            )
        )
        record(session, Event.CONSENT_GIVEN, about, now, reason=wish.wording, mode="web")

    def _open(self, session: Session, invitation: Invitation, number: PhoneNumber) -> int:
        """A fresh code, or the same once more for the same number. The id of its text."""
        now = self._now()
        phone = as_phone(session, self._seal, invitation.person, number, now)
        current = open_proof(session, invitation.id)
        if current and current.phone_id == phone.id and now < current.expires_at:
            current.sends += 1
            current.sent_at = now
            return self._write(session, current, invitation.person)
        _end_open_proofs(session, invitation.person_id, now)
        proof = Proof(
            tenant_id=invitation.tenant_id,
            organization_id=invitation.organization_id,
            person_id=invitation.person_id,
            invitation_id=invitation.id,
            phone_id=phone.id,
            seed=codes.new_seed(),
            created_at=now,
            sent_at=now,
            expires_at=now + CODE_LIFE,
        )
        session.add(proof)
        session.flush()
        return self._write(session, proof, invitation.person)

    def _write(self, session: Session, proof: Proof, person: Person) -> int:
        now = self._now()
        record(session, Event.CODE_SENT, person, now, mode="web")
        return write(
            session,
            To.phone_of(person, proof.phone_id),
            "code",
            {"host": self._host, "minutes_left": str(_minutes_left(proof))},
            sender=self._line.sender,
            now=now,
            proof_id=proof.id,
        )

    def _tried(self, session: Session, token: str, given: str) -> StepRefused | None:
        invitation = self._still(session, token)
        proof = open_proof(session, invitation.id)
        if proof is None:
            return _without_proof(session, invitation, self._now())
        if not _count(session, proof, self._now()):
            return _why_not_counted(proof, self._now())
        if codes.is_code(self._seal, proof.seed, given):
            self._refuse_what_has_changed(session, invitation)
            complete(session, self._seal, invitation, proof, self._line, self._now())
            return None
        return self._wrong(session, invitation, proof)

    def _refuse_what_has_changed(self, session: Session, invitation: Invitation) -> None:
        """Others may have proved the same number since the code was sent, or texted STOP."""
        visit = self._visits.visit(session, invitation)
        if visit.number:
            refuse_taken(session, self._seal, visit, visit.number)

    def _wrong(self, session: Session, invitation: Invitation, proof: Proof) -> StepRefused:
        record(session, Event.CODE_WRONG, invitation.person, self._now(), mode="web")
        session.refresh(proof)
        left = TRIES - proof.wrong
        if left > 0:
            return StepRefused(Reason.CODE_WRONG, left=left)
        proof.ended_at, proof.ended_for = self._now(), ProofEnd.WRONG
        return _spent(proof.sent_at, self._now())


def _count(session: Session, proof: Proof, now: datetime) -> bool:
    """Spend a try of a code that is still good for one."""
    return did_change(
        session,
        update(Proof)
        .where(
            Proof.id == proof.id,
            Proof.ended_at.is_(None),
            Proof.wrong < TRIES,
            Proof.expires_at > now,
        )
        .values(wrong=Proof.wrong + 1),
    )


def _minutes_left(proof: Proof) -> int:
    """Whole ones when it was sent, so that nobody is promised more than there is; one at least."""
    return max(1, (proof.expires_at - proof.sent_at) // timedelta(minutes=1))


def _why_not_counted(proof: Proof, now: datetime) -> StepRefused:
    is_late = proof.expires_at <= now
    return StepRefused(Reason.CODE_LATE) if is_late else _spent(proof.sent_at, now)


def _without_proof(session: Session, invitation: Invitation, now: datetime) -> StepRefused:
    sent_at = session.scalar(
        select(func.max(Proof.sent_at)).where(
            Proof.invitation_id == invitation.id, Proof.ended_for == ProofEnd.WRONG
        )
    )
    return _spent(sent_at, now) if sent_at else StepRefused(Reason.NO_CODE)


def _spent(sent_at: datetime, now: datetime) -> StepRefused:
    return StepRefused(Reason.CODE_SPENT, seconds=pause_left(sent_at, now))


def _end_open_proofs(session: Session, person_id: int, now: datetime) -> None:
    session.execute(
        update(Proof)
        .where(Proof.person_id == person_id, Proof.ended_at.is_(None))
        .values(ended_at=now, ended_for=ProofEnd.NEWER)
    )
