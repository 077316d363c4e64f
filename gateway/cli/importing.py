"""Brings the rows of a people file into the records, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

from pydantic import SecretStr
from sqlalchemy.orm import Session

from gateway.engine.replacing import REPLACED_LIFE, replace
from gateway.engine.sync.numbers import BY_IMPORT
from gateway.engine.vouching import Vouching
from gateway.people_import import BadRow, Row
from gateway.phones import PhoneNumber
from gateway.policy import Policy
from gateway.records import Organization, Person, Phone
from gateway.records.audit import Event, record
from gateway.records.forgetting import forget_phone
from gateway.records.opt_outs import opted_out_since
from gateway.records.people import people_of
from gateway.records.phones import PROVED
from gateway.records.policies import policy_of
from gateway.seal import Seal

BY_COMMAND: Final = "cli"


@dataclass
class Counts:
    """What became of the rows, and of the phone numbers in them."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    bad_numbers: int = 0
    """People who were taken without the number of their row."""
    removed_numbers: int = 0
    not_verified: int = 0
    kept_proved: int = 0
    """People who have proved another number than the file says, and have kept it."""
    no_email: int = 0
    """People who cannot help themselves with their number, as a policy asks for an email too."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator said beside the file."""

    trust_phones: bool
    self_serve: bool
    """Everybody in the file may reset and unlock by text, unless it says otherwise."""
    replace_proved: bool = False
    """Also numbers that people have proved themselves."""


@dataclass
class Import:
    """One file for one organization. What a file does not say stays as it is."""

    session: Session
    seal: Seal
    organization: Organization
    wishes: Wishes
    now: datetime
    counts: Counts = field(default_factory=Counts)
    refused: list[BadRow] = field(default_factory=list)
    """Whose number the policies do not let the organization vouch for."""
    events: list[tuple[Event, Person]] = field(default_factory=list)
    verified: Counter[str] = field(default_factory=Counter)
    """How many people have each number verified, by its index: asking for each would be slow."""
    stopped: Mapping[str, datetime] = field(default_factory=dict)

    @cached_property
    def policy(self) -> Policy:
        return policy_of(self.session, self.organization)

    @cached_property
    def vouching(self) -> Vouching:
        return Vouching.of(self.policy, self._holders)

    def run(self, rows: Iterable[Row]) -> Counts:
        people = people_of(self.session, self.organization)
        known = {person.username_key: person for person in people}
        self.stopped = opted_out_since(self.session)
        phones = [phone for person in people for phone in person.phones]
        self.verified = Counter(each.number_index for each in phones if each.verified_at)
        for row in rows:
            person = self._take(known.get(row.username.casefold()), row)
            self.counts.no_email += self.policy.email_required and _lacks_email_only(person)
        self._record()
        return self.counts

    def _take(self, person: Person | None, row: Row) -> Person:
        if person is None:
            return self._add(row)
        if self._change(person, row, is_new=False):
            self.counts.changed += 1
        else:
            self.counts.unchanged += 1
        return person

    def _add(self, row: Row) -> Person:
        person = Person(
            tenant_id=self.organization.tenant_id,
            organization=self.organization,
            username=row.username,
            username_key=row.username.casefold(),
            created_at=self.now,
        )
        self.session.add(person)
        self._change(person, row, is_new=True)
        self.counts.added += 1
        return person

    def _change(self, person: Person, row: Row, *, is_new: bool) -> bool:
        """Whether anything was changed."""
        helped = self.wishes.self_serve or None
        wanted = {
            "email": row.email or None,
            "display_name": row.display_name or None,
            "language": row.language or None,
            "self_serve": helped if row.self_serve is None else row.self_serve,
        }
        changes = {
            name: value
            for name, value in wanted.items()
            if value is not None and getattr(person, name) != value
        }
        for name, value in changes.items():
            setattr(person, name, value)
        self.events += [(event, person) for event in _events(changes, is_new=is_new)]
        return self._take_phone(person, row) | bool(changes)

    def _take_phone(self, person: Person, row: Row) -> bool:
        """A number that is new to this person takes the place of those that they had.

        Whoever has proved a number themselves keeps it: a file may be older than that.
        """
        if row.phone is None:
            return False
        indexes = self.seal.indexes(row.phone.e164)
        phone = next((each for each in person.phones if each.number_index in indexes), None)
        proved = [each for each in person.phones if each.verified_by in PROVED]
        if proved and phone not in proved and not self.wishes.replace_proved:
            self.counts.kept_proved += 1
            return False
        if self._is_refused(phone, row):
            return False
        is_new = phone is None
        is_theirs = phone is not None and phone.replaced_at is None
        others = proved if is_theirs else [each for each in person.phones if each is not phone]
        phone = phone or self._add_phone(person, row.phone)
        vouched = self._vouch(person, phone)
        if phone not in proved:
            self._let_go(person, others, phone if vouched else None)
        return vouched or is_new

    def _is_refused(self, phone: Phone | None, row: Row) -> bool:
        """Whether the policies let nobody vouch for it. What is verified already stays so."""
        if row.phone is None or not self.wishes.trust_phones or (phone and phone.verified_at):
            return False
        objection = self.vouching.objection(row.phone)
        if objection:
            self.refused.append(BadRow(row.line, f"the phone number {row.phone} {objection}"))
        return objection is not None

    def _holders(self, number: PhoneNumber) -> int:
        return sum(self.verified[index] for index in self.seal.indexes(number.e164))

    def _vouch(self, person: Person, phone: Phone) -> bool:
        """Whether the organization vouches for it from now on. It is not forgotten any more."""
        phone.forget_at = phone.replaced_at = None
        vouched = self.wishes.trust_phones and phone.verified_at is None
        if vouched:
            phone.verified_at, phone.verified_by = self.now, BY_IMPORT
            self.verified[phone.number_index] += 1
            self.events.append((Event.PHONE_VERIFIED, person))
        self.counts.not_verified += phone.verified_at is None
        return vouched

    def _let_go(self, person: Person, phones: Iterable[Phone], new: Phone | None) -> None:
        """What is being proved, or was replaced, goes by itself when its time is over."""
        going = [each for each in phones if each.forget_at is None and each is not new]
        verified = [each for each in going if each.verified_at]
        self.verified.subtract(each.number_index for each in verified)
        replaced = verified if new else []
        if new and replaced:
            self.session.flush()
            how = {"mode": BY_COMMAND, "reason": BY_IMPORT}
            replace(self.session, self.seal, replaced, new, self.now, **how)
        for phone in [each for each in going if each not in replaced]:
            if not forget_phone(self.session, phone):
                phone.forget_at = self.now + REPLACED_LIFE
            self.events.append((Event.PHONE_REMOVED, person))
        self.counts.removed_numbers += len(going)

    def _add_phone(self, person: Person, number: PhoneNumber) -> Phone:
        """A number that has texted STOP stays silent, whoever it is given to."""
        indexes = self.seal.indexes(number.e164)
        phone = Phone(
            tenant_id=person.tenant_id,
            sealed_number=self.seal.seal(SecretStr(number.e164)),
            number_index=indexes[0],
            opted_out_at=next(filter(None, map(self.stopped.get, indexes)), None),
            created_at=self.now,
        )
        person.phones.append(phone)
        return phone

    def _record(self) -> None:
        """People have their ids only once they are flushed."""
        self.session.flush()
        for event, person in self.events:
            record(self.session, event, person, self.now, reason=BY_IMPORT, mode=BY_COMMAND)
        counted = ("added", "changed", "unchanged", "skipped")
        counts = " ".join(f"{name}={getattr(self.counts, name)}" for name in counted)
        event = Event.PEOPLE_IMPORTED
        record(self.session, event, self.organization, self.now, reason=counts, mode=BY_COMMAND)


def _events(changes: Mapping[str, object], *, is_new: bool) -> Iterator[Event]:
    """What is audited of somebody whose columns were changed: of who is new, only being let in."""
    if changes.get("self_serve"):
        yield Event.SELF_SERVE_ON
    elif "self_serve" in changes and not is_new:
        yield Event.SELF_SERVE_OFF
    if "email" in changes and not is_new:
        yield Event.EMAIL_CHANGED


def _lacks_email_only(person: Person) -> bool:
    """An email is all that keeps them from helping themselves."""
    return not person.email and any(phone.verified_at for phone in person.phones)
