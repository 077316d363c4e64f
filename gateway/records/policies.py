"""What is allowed to whom: values that were set for a tenant, an organization or a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, String, UniqueConstraint, and_, bindparam, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.policy import Policy, Scope, Setting, resolve
from gateway.records.base import Base, Id
from gateway.records.organizations import Organization
from gateway.records.people import Person
from gateway.records.tenants import Tenant

Holder = Tenant | Organization | Person


class PolicyValue(Base):
    """One value that somebody has set. Where there is none, the default of the policy holds."""

    __tablename__ = "policies"
    __table_args__ = (UniqueConstraint("scope", "scope_id", "name"),)

    id: Mapped[Id]
    scope: Mapped[str] = mapped_column(String(12))
    scope_id: Mapped[int]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    organization_id: Mapped[int | None] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(40))
    value: Mapped[str] = mapped_column(String(400))
    changed_at: Mapped[datetime]


def scope_of(holder: Holder) -> Scope:
    """How far a decision for this holder reaches."""
    match holder:
        case Tenant():
            return Scope.TENANT
        case Organization():
            return Scope.ORGANIZATION
        case Person():
            return Scope.PERSON


def settings_for(
    session: Session,
    tenant_id: int,
    organization_id: int | None = None,
    person_id: int | None = None,
) -> Sequence[Setting]:
    """Everything that was set above or for these, from the widest to the narrowest."""
    wanted = {"tenant": tenant_id, "organization": organization_id, "person": person_id}
    rows = session.connection().execute(_SETTINGS, wanted)
    return sorted((Setting(Scope(row.scope), row.name, row.value) for row in rows), key=_width)


def policy_for(
    session: Session,
    tenant_id: int,
    organization_id: int | None = None,
    person_id: int | None = None,
) -> Policy:
    """What holds for an organization or a person, and where each value comes from."""
    return resolve(settings_for(session, tenant_id, organization_id, person_id))


def policy_of(session: Session, holder: Holder) -> Policy:
    """What holds for whom it is asked of."""
    match holder:
        case Tenant():
            return policy_for(session, holder.id)
        case Organization():
            return policy_for(session, holder.tenant_id, holder.id)
        case Person():
            return policy_for(session, holder.tenant_id, holder.organization_id, holder.id)


def set_value(session: Session, holder: Holder, name: str, value: str, now: datetime) -> None:
    """Set one value, as `gateway.policy.written` gives it."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {**_place(holder), "name": name, "value": value, "changed_at": now}
    session.execute(
        insert(PolicyValue)
        .values(**row)
        .on_conflict_do_update(
            index_elements=["scope", "scope_id", "name"],
            set_={"value": value, "changed_at": now},
        )
    )


def own_values(session: Session, holder: Holder) -> dict[str, str]:
    """What was set for this very holder, by name."""
    place = _place(holder)
    rows = session.execute(
        select(PolicyValue.name, PolicyValue.value).where(
            PolicyValue.scope == place["scope"], PolicyValue.scope_id == place["scope_id"]
        )
    )
    return {row.name: row.value for row in rows}


def take_back(session: Session, holder: Holder, name: str) -> None:
    """Let what is set above hold again, or the default."""
    place = _place(holder)
    session.execute(
        delete(PolicyValue).where(
            PolicyValue.scope == place["scope"],
            PolicyValue.scope_id == place["scope_id"],
            PolicyValue.name == name,
        )
    )


def _place(holder: Holder) -> dict[str, str | int | None]:
    place: dict[str, str | int | None] = {"scope": scope_of(holder), "scope_id": holder.id}
    match holder:
        case Tenant():
            return place | {"tenant_id": holder.id}
        case Organization():
            return place | {"tenant_id": holder.tenant_id, "organization_id": holder.id}
        case Person():
            above = {"tenant_id": holder.tenant_id, "organization_id": holder.organization_id}
            return place | above | {"person_id": holder.id}


def _width(setting: Setting) -> int:
    return list(Scope).index(setting.scope)


_SETTINGS: Final = select(PolicyValue.scope, PolicyValue.name, PolicyValue.value).where(
    or_(
        *(
            and_(PolicyValue.scope == scope, PolicyValue.scope_id == bindparam(scope.value))
            for scope in Scope
        )
    )
)
"""Made once: the engine asks it for every request. Where no id is given, nothing is found."""
