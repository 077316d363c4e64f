"""A request with all that carrying it out has to know, so that no session stays open meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, case, select
from sqlalchemy.orm import Session

from gateway.policy import Policy
from gateway.records.about import About
from gateway.records.organizations import DirectoryRecord, Organization
from gateway.records.people import Person
from gateway.records.phones import Phone
from gateway.records.policies import policy_for
from gateway.records.requests import Request
from gateway.templating import FALLBACK_LANGUAGE


@dataclass(frozen=True, slots=True)
class Assignment:
    """One request with its person, phone and directory, as they stood when it was taken."""

    request_id: int
    state: str
    attempt: int
    action: str
    reason: str
    sender: str
    created_at: datetime
    sealed_password: str | None = field(repr=False)
    """From an earlier attempt: the directory may have heard of it already."""
    password_version: int | None
    tenant_id: int
    organization_id: int
    time_zone: str
    person_id: int
    username: str
    account_guid: UUID | None
    self_serve: bool
    suspended_at: datetime | None
    frozen_at: datetime | None
    used_at: datetime | None
    reset_held_until: datetime | None
    has_email: bool
    phone_id: int
    number_index: str = field(repr=False)
    sealed_number: str = field(repr=False)
    language: str
    is_guess: bool
    confirmed_at: datetime | None
    admitted_at: datetime | None
    verified_at: datetime | None
    opted_out_at: datetime | None
    directory_kind: str | None
    directory_options: Mapping[str, Any] | None = field(repr=False)
    ca_pem: str | None = field(repr=False)
    sealed_bind_password: str | None = field(repr=False)
    directory_changed_at: datetime | None
    policy: Policy = field(repr=False)
    """What holds for the person."""

    @property
    def about(self) -> About:
        return About(self.tenant_id, self.organization_id, self.person_id, self.request_id)

    @property
    def asked_at(self) -> datetime:
        """Since when they wait: a word that came back has begun it anew."""
        return self.confirmed_at or self.created_at

    @property
    def needs_word(self) -> bool:
        """Whether a reset has to be confirmed, and has not been."""
        wanted = self.policy.confirm_by_word or self.is_guess
        return self.action == "reset" and wanted and self.confirmed_at is None

    @property
    def shut(self) -> str | None:
        """Why nothing may be changed for this phone any more, if so."""
        if self.verified_at is None:
            return "phone_shut"
        if self.opted_out_at is not None:
            return "opted_out"
        if self.suspended_at is not None:
            return "suspended"
        if self.frozen_at is not None:
            return "frozen"
        return None if self.self_serve else "not_enabled"


TEXTED_LANGUAGE: Final = case(
    (Person.language != "", Person.language),
    (Request.language.not_in(("", FALLBACK_LANGUAGE)), Request.language),
    else_=Organization.language,
)
"""Their own, else the one that they texted in, else their organization's."""


def assignment(session: Session, request_id: int) -> Assignment | None:
    row: Any = session.connection().execute(_ASSIGNMENT, {"request_id": request_id}).first()
    if row is None:
        return None
    ids = (row.tenant_id, row.organization_id, row.person_id)
    return Assignment(*(*row, policy_for(session, *ids)))


_ASSIGNMENT: Final = (
    select(
        Request.id,
        Request.state,
        Request.attempt,
        Request.action,
        Request.reason,
        Request.sender,
        Request.created_at,
        Request.sealed_password,
        Request.password_version,
        Request.tenant_id,
        Request.organization_id,
        Organization.time_zone,
        Request.person_id,
        Person.username,
        Person.account_guid,
        Person.self_serve,
        Person.suspended_at,
        Person.frozen_at,
        Person.used_at,
        Person.reset_held_until,
        Person.email != "",
        Request.phone_id,
        Phone.number_index,
        Phone.sealed_number,
        TEXTED_LANGUAGE,
        Request.is_guess,
        Request.confirmed_at,
        Request.admitted_at,
        Phone.verified_at,
        Phone.opted_out_at,
        DirectoryRecord.kind,
        DirectoryRecord.options,
        DirectoryRecord.ca_pem,
        DirectoryRecord.sealed_bind_password,
        DirectoryRecord.changed_at,
    )
    .join_from(Request, Person, Request.person_id == Person.id)
    .join(Phone, Request.phone_id == Phone.id)
    .join(Organization, Request.organization_id == Organization.id)
    .outerjoin(DirectoryRecord, DirectoryRecord.organization_id == Organization.id)
    .where(Request.id == bindparam("request_id"))
)
