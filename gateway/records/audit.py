"""What happened, in order, for those who have to answer for it: ids and reasons, never secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.records.about import About
from gateway.records.base import Base, Id, insert_row
from gateway.records.organizations import Organization
from gateway.records.people import Person
from gateway.records.requests import Request
from gateway.records.tenants import Tenant


class Event(StrEnum):
    """Everything that can be audited. Names read `what:did what:how it ended`."""

    TENANT_ADDED = "tenant:added"
    TENANT_CHANGED = "tenant:changed"
    ORGANIZATION_ADDED = "organization:added"
    ORGANIZATION_CHANGED = "organization:changed"
    DIRECTORY_SET = "directory:set"
    KEYS_ROTATED = "keys:rotated"
    PEOPLE_IMPORTED = "people:imported"
    PEOPLE_SYNCED = "people:synced"
    PEOPLE_SYNC_FAILED = "people:sync:failed"
    SUSPENSIONS_REFUSED = "people:sync:suspensions_refused"
    PERSON_REMOVED = "person:removed"
    SELF_SERVE_ON = "person:self_serve:on"
    SELF_SERVE_OFF = "person:self_serve:off"
    EMAIL_CHANGED = "person:email:changed"
    PERSON_RENAMED = "person:renamed"
    PERSON_SUSPENDED = "person:suspended"
    PERSON_UNSUSPENDED = "person:unsuspended"
    PERSON_FROZEN = "person:frozen"
    PERSON_UNFROZEN = "person:unfrozen"
    PERSON_INVITED = "person:invited"
    PERSON_REMINDED = "person:reminded"
    INVITATION_REVOKED = "invitation:revoked"
    LINK_REFRESHED = "invitation:refreshed"
    IDENTITY_PROVED = "enrolment:identity:proved"
    IDENTITY_WRONG = "enrolment:identity:wrong"
    CODE_SENT = "enrolment:code:sent"
    CODE_WRONG = "enrolment:code:wrong"
    LIMIT_REACHED = "limit:reached"
    CONSENT_GIVEN = "consent:given"
    PHONE_PROVED = "phone:proved"
    PHONE_VERIFIED = "phone:verified"
    PHONE_REPLACED = "phone:replaced"
    PHONE_REMOVED = "phone:removed"
    PHONE_OPTED_OUT = "phone:opted_out"
    PHONE_OPTED_IN = "phone:opted_in"
    REQUEST_OPENED = "request:opened"
    REQUEST_JOINED = "request:joined"
    REQUEST_RETRIED = "request:retried"
    REQUEST_STALE = "request:stale"
    WORD_ASKED = "request:word:asked"
    WORD_WRONG = "request:word:wrong"
    WORD_CONFIRMED = "request:word:confirmed"
    REQUEST_EXPIRED = "request:expired"
    RESET_SUCCEEDED = "password:reset:succeeded"
    RESET_REFUSED = "password:reset:refused"
    RESET_FAILED = "password:reset:failed"
    REPLY_REROUTED = "reply:rerouted"
    RESET_UNCERTAIN = "password:reset:uncertain"
    UNLOCK_SUCCEEDED = "account:unlock:succeeded"
    UNLOCK_NOT_NEEDED = "account:unlock:not_needed"
    UNLOCK_REFUSED = "account:unlock:refused"
    UNLOCK_FAILED = "account:unlock:failed"
    STATUS_TOLD = "account:status:told"
    STATUS_FAILED = "account:status:failed"
    REPLY_ACCEPTED = "reply:accepted"
    REPLY_DELIVERED = "reply:delivered"
    REPLY_UNCONFIRMED = "reply:unconfirmed"
    REPLY_UNDELIVERED = "reply:undelivered"
    REPLY_FAILED = "reply:failed"
    REPLY_REDACTED = "reply:redacted"
    RESET_UNTOLD = "password:reset:untold"
    ONE_TIME_USED = "password:one_time:used"
    ONE_TIME_SCRAMBLED = "password:one_time:scrambled"
    ONE_TIME_LEFT = "password:one_time:left"
    MAIL_SENT = "mail:sent"
    POLICY_SET = "policy:set"
    MAIL_FAILED = "mail:failed"


class AuditEvent(Base):
    """Ids are plain numbers and not foreign keys: an event outlives what it tells of."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index(
            "uq_audit_events_position",
            "position",
            unique=True,
            sqlite_where=text("position IS NOT NULL"),
            postgresql_where=text("position IS NOT NULL"),
        ),
        Index(
            "ix_audit_events_unsealed",
            "id",
            sqlite_where=text("position IS NULL"),
            postgresql_where=text("position IS NULL"),
        ),
    )

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(40))
    mode: Mapped[str] = mapped_column(String(12))
    """How it was asked for: `sms`, `web`, or `cli` for an operator's command."""
    tenant_id: Mapped[int | None]
    organization_id: Mapped[int | None]
    person_id: Mapped[int | None]
    request_id: Mapped[int | None] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(60), default="")
    position: Mapped[int | None]
    """Its place in the chain, given by the clock within seconds: 1, 2, 3 … without gaps."""
    chain: Mapped[str | None] = mapped_column(String(64))
    """The keyed hash over all of the above and the chain of the event before."""
    chain_key: Mapped[str | None] = mapped_column(String(16))


@dataclass(frozen=True, slots=True)
class Which:
    """Which events somebody wants to see; nothing given means all."""

    since: datetime | None = None
    before: datetime | None = None
    organization_id: int | None = None
    events: Sequence[str] = ()

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.since:
            yield AuditEvent.at >= self.since
        if self.before:
            yield AuditEvent.at < self.before
        if self.organization_id is not None:
            yield AuditEvent.organization_id == self.organization_id
        if self.events:
            yield AuditEvent.event.in_(self.events)


def audit_page(
    session: Session, which: Which, *, after_id: int, at_most: int
) -> Sequence[AuditEvent]:
    """The next events in order, so that nobody waits for a reader of a long history."""
    wanted = select(AuditEvent).where(AuditEvent.id > after_id, *which.conditions())
    return session.scalars(wanted.order_by(AuditEvent.id).limit(at_most)).all()


def record(
    session: Session,
    event: Event,
    about: About | Request | Person | Organization | Tenant | None,
    now: datetime,
    *,
    reason: str = "",
    mode: str = "sms",
) -> None:
    """Add an event to the transaction that makes it true, so that neither stands alone."""
    whom = asdict(_about(about))
    insert_row(session, AuditEvent, at=now, event=event, mode=mode, reason=reason, **whom)


def _about(about: About | Request | Person | Organization | Tenant | None) -> About:
    match about:
        case Request():
            return About(about.tenant_id, about.organization_id, about.person_id, about.id)
        case Person():
            return About(about.tenant_id, about.organization_id, about.id)
        case Organization():
            return About(about.tenant_id, about.id)
        case Tenant():
            return About(about.id)
        case None:
            return About()
        case About():
            return about
