"""Asking for a fresh link with a dead one: alike for ours, for old ones and for made-up ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from gateway.engine.doorbell import Doorbell, JobName
from gateway.engine.enrolment.budgets import Budgets
from gateway.engine.enrolment.visits import NOBODY, Visits
from gateway.records import Invitation
from gateway.records.about import About
from gateway.records.audit import Event, record
from gateway.records.database import Database

log = structlog.get_logger()


NEVER_GIVEN: Final = 2**62
"""No invitation has this id: a worker looks for it as for any other, and finds none."""


class Renewing:
    """The mail goes to the address on record, whoever asked, and the page never says whether."""

    def __init__(
        self,
        database: Database,
        visits: Visits,
        budgets: Budgets,
        doorbell: Doorbell,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._visits = visits
        self._budgets = budgets
        self._doorbell = doorbell
        self._now = now

    def ask(self, token: str, address: str) -> None:
        """Raises StepRefused where it was asked for too often, or nobody can count."""
        self._budgets.spend_fresh_link(address, token)
        with self._database.transaction() as session:
            invitation_id = self._asked(session, token)
        self._doorbell.ring(JobName.REMIND, invitation_id or NEVER_GIVEN)

    def _asked(self, session: Session, token: str) -> int:
        """For a made-up link the very same is done, only about nobody."""
        known = self._visits.known(session, token)
        invitation_id = known.invitation_id if known else NOBODY
        now = self._now()
        session.execute(
            update(Invitation)
            .where(Invitation.id == invitation_id)
            .values(remind_at=now, asked_at=now)
        )
        about = About(known.tenant_id, known.organization_id, known.person_id) if known else None
        record(session, Event.LINK_REFRESHED, about, now, mode="web")
        return invitation_id
