"""Writes what a page has brought, within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy.orm import Session

from directory.people import DirectoryPerson
from gateway.engine.enrolment.inviting import invite
from gateway.engine.replacing import REPLACED_LIFE, replace
from gateway.engine.sync.changes import Changes, changes
from gateway.engine.sync.facts import Facts
from gateway.engine.sync.naming import make_room
from gateway.engine.sync.numbers import BY_SYNC, NumberChange, Numbers
from gateway.engine.sync.target import Target
from gateway.engine.sync.wishes import Wishes
from gateway.phones import PhoneNumber
from gateway.records import Person, Phone
from gateway.records.audit import Event, record
from gateway.records.forgetting import forget_phone
from gateway.records.opt_outs import opted_out_at
from gateway.records.suspending import unsuspend

News = tuple[DirectoryPerson, Facts, Person | None]


@dataclass(frozen=True, slots=True)
class Writing:
    """One transaction. Names are changed first, as each is one person's at a time."""

    session: Session
    numbers: Numbers
    target: Target
    wishes: Wishes
    now: datetime
    mode: str

    def write(self, news: Sequence[News]) -> list[Changes]:
        """Each compared anew right before it is written: how many share a number is known then."""
        wanted = {
            facts.username_key: person
            for _, facts, person in news
            if person is None or person.username_key != facts.username_key
        }
        if wanted:
            make_room(self.session, self.target, wanted, self.now, mode=self.mode)
        return [self._write(*each) for each in news]

    def _write(self, entry: DirectoryPerson, facts: Facts, known: Person | None) -> Changes:
        found = changes(entry, facts, known, self.numbers, self.now)
        person = known or self._new()
        for name, value in found.columns.items():
            setattr(person, name, value)
        if known is None:
            self.session.add(person)
        self._renumber(person, found.numbers)
        self.session.flush()
        if found.renames:
            self._record(Event.PERSON_RENAMED, person)
        if known and "email" in found.columns:
            self._record(Event.EMAIL_CHANGED, person, reason=BY_SYNC)
        if found.comes_back:
            unsuspend(self.session, person, self.now, mode=self.mode)
        if self.wishes.invite and found.calls_for_an_invitation:
            invite(self.session, person, self.now, mode=self.mode)
        return found

    def _new(self) -> Person:
        return Person(
            tenant_id=self.target.tenant_id,
            organization_id=self.target.organization_id,
            self_serve=self.wishes.self_serve,
            created_at=self.now,
        )

    def _renumber(self, person: Person, change: NumberChange) -> None:
        replaced = change.replaced if self.wishes.trust_phones else []
        for old in change.remove:
            if old not in replaced:
                self._remove(old)
        phone = change.verify if change.add is None else self._added(person, change.add)
        if phone is None or not self.wishes.trust_phones:
            return
        phone.verified_at, phone.verified_by = self.now, BY_SYNC
        phone.forget_at = phone.replaced_at = None
        self.session.flush()
        self._record(Event.PHONE_VERIFIED, person, reason=BY_SYNC)
        if replaced:
            seal = self.numbers.seal
            how = {"mode": self.mode, "reason": BY_SYNC}
            replace(self.session, seal, replaced, phone, self.now, **how)

    def _remove(self, phone: Phone) -> None:
        """It is kept for a while where a text to it is under way."""
        person = phone.person
        if not forget_phone(self.session, phone):
            phone.forget_at = self.now + REPLACED_LIFE
        self._record(Event.PHONE_REMOVED, person, reason=BY_SYNC)

    def _added(self, person: Person, number: PhoneNumber) -> Phone:
        """A number that has texted STOP stays silent, whoever it is given to."""
        seal = self.numbers.seal
        phone = Phone(
            tenant_id=self.target.tenant_id,
            sealed_number=seal.seal(SecretStr(number.e164)),
            number_index=seal.index(number.e164),
            opted_out_at=opted_out_at(self.session, seal.indexes(number.e164)),
            created_at=self.now,
        )
        person.phones.append(phone)
        return phone

    def _record(self, event: Event, person: Person, reason: str = "") -> None:
        record(self.session, event, person, self.now, reason=reason, mode=self.mode)
