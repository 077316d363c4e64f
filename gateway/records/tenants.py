"""A tenant is a managed service provider (or one of its branches) with organizations of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.records.base import Base, Id


class Tenant(Base):
    """`alert_email` is told of trouble in every organization that has none of its own."""

    __tablename__ = "tenants"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    alert_email: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[datetime]


def tenant_by_slug(session: Session, slug: str) -> Tenant | None:
    return session.scalar(select(Tenant).where(Tenant.slug == slug))
