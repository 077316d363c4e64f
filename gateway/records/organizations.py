"""A customer organization of a tenant, and how its directory is reached."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, String, Text, case, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from gateway.records.base import Base, Id
from gateway.records.tenants import Tenant


class Organization(Base):
    """`name` signs every text; `country` reads national phone numbers (ISO 3166-1 alpha-2)."""

    __tablename__ = "organizations"

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(30))
    support: Mapped[str] = mapped_column(String(20), default="")
    country: Mapped[str] = mapped_column(String(2), default="US")
    language: Mapped[str] = mapped_column(String(8), default="en")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    alert_email: Mapped[str | None] = mapped_column(String(254))
    """Whom the MSP wants told when somebody was left without help; else the tenant's."""
    color: Mapped[str] = mapped_column(String(7), default="", server_default="")
    logo_id: Mapped[int | None] = mapped_column(ForeignKey("logos.id"))
    terms_url: Mapped[str] = mapped_column(String(500), default="", server_default="")
    privacy_url: Mapped[str] = mapped_column(String(500), default="", server_default="")
    created_at: Mapped[datetime]

    tenant: Mapped[Tenant] = relationship()
    directory: Mapped[DirectoryRecord | None] = relationship(back_populates="organization")


class DirectoryRecord(Base):
    """How to reach a directory; `changed_at` tells which kept connections are out of date."""

    __tablename__ = "directories"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(String(40))
    options: Mapped[dict[str, Any]]
    """urls, base_dn, bind_dn and protected_groups: nothing secret."""
    ca_pem: Mapped[str | None] = mapped_column(Text)
    sealed_bind_password: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]

    organization: Mapped[Organization] = relationship(back_populates="directory")


SUPPORT: Final = case((Organization.support != "", Organization.support), else_=Tenant.support)
"""Whom its people call, where the tenant is joined in."""


def organization_by_slug(session: Session, slug: str) -> Organization | None:
    return session.scalar(select(Organization).where(Organization.slug == slug))
