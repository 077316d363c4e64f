"""Whose link it is: where the policy asks for it, the password of the directory says so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from pydantic import SecretStr
from sqlalchemy import update
from sqlalchemy.orm import Session

from directory.accounts import Authentication
from directory.errors import AccountRefused, DirectoryError
from gateway.engine.directories import Directories, DirectoryProfile, profile_of
from gateway.engine.enrolment.budgets import Budgets
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step, Visit, Visits
from gateway.records import Invitation, Person
from gateway.records.audit import Event, record
from gateway.records.database import Database
from gateway.records.invitations import Identified

log = structlog.get_logger()

AT_ONCE: Final = 2
"""So many passwords a web process checks at a time: texts must not wait for a slow directory."""

SAID: Final = {
    Authentication.WRONG: Reason.PASSWORD_WRONG,
    Authentication.TOO_RISKY: Reason.PASSWORD_RISKY,
}
"""What the person can do something about; all else is for the help desk."""

RIGHT: Final = frozenset({Authentication.RIGHT, Authentication.MUST_CHANGE})


class Identifying:
    """The one place where a web process asks a directory.

    Somebody's own password is checked while they wait and is kept nowhere: to hand it to a worker
    it would have to be stored.
    """

    def __init__(
        self,
        database: Database,
        directories: Callable[[], Directories],
        visits: Visits,
        budgets: Budgets,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._directories = directories
        self._visits = visits
        self._budgets = budgets
        self._now = now
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def identify(self, token: str, password: SecretStr) -> None:
        """Check the password with one bind. Raises StepRefused."""
        visit = self._visits.open(token)
        if visit.step is not Step.IDENTIFY:
            return
        if not password.get_secret_value():
            raise StepRefused(Reason.PASSWORD_EMPTY)
        if not self._free.acquire(blocking=False):
            raise StepRefused(Reason.DIRECTORY_AWAY)
        try:
            answer = self._asked(visit, password)
        finally:
            self._free.release()
        with self._database.transaction() as session:
            self._settle(session, visit, answer)
        if answer not in RIGHT:
            raise StepRefused(_reason(answer))

    def _asked(self, visit: Visit, password: SecretStr) -> Authentication:
        """On a connection of its own: a kept one belongs to one thread.

        A try is counted right before it is made: a directory that is away costs nobody one. Who
        has none left is not even looked up.
        """
        self._budgets.check_password(visit)
        profile, username, guid = self._account(visit)
        directories = self._directories()
        try:
            directory = directories.of(profile)
            guid = guid or directory.identify(username).guid
            self._budgets.spend_password(visit)
            return directory.authenticate(guid, password)
        except AccountRefused as error:
            log.info("enrolment.account_refused", person=visit.person_id, reason=str(error))
            raise StepRefused(Reason.ACCOUNT_REFUSED) from None
        except DirectoryError as error:
            log.warning("enrolment.directory_away", error=type(error).__name__, detail=str(error))
            raise StepRefused(Reason.DIRECTORY_AWAY) from None
        finally:
            directories.close()

    def _account(self, visit: Visit) -> tuple[DirectoryProfile, str, UUID | None]:
        with self._database.reading() as session:
            person = session.get_one(Person, visit.person_id)
            profile = profile_of(session, person.organization)
            if profile is None:
                raise StepRefused(Reason.DIRECTORY_AWAY)
            return profile, person.username, person.account_guid

    def _settle(self, session: Session, visit: Visit, answer: Authentication) -> None:
        now, person = self._now(), session.get_one(Person, visit.person_id)
        if answer not in RIGHT:
            record(session, Event.IDENTITY_WRONG, person, now, reason=answer, mode="web")
            return
        session.execute(
            update(Invitation)
            .where(Invitation.id == visit.invitation_id, Invitation.ended_at.is_(None))
            .values(identified_at=now, identified_by=Identified.PASSWORD)
        )
        record(session, Event.IDENTITY_PROVED, person, now, reason="password", mode="web")


def _reason(answer: Authentication) -> Reason:
    return SAID.get(answer, Reason.ACCOUNT_REFUSED)
