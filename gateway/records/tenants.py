"""A tenant is a managed service provider (or one of its branches) with organizations of its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.records.base import Base, Id


class Tenant(Base):
    """What an organization does not say of itself is taken from here: contacts, looks and links.

    `mail_from` is the sender of mail to its people; empty, it is that of the settings.
    """

    __tablename__ = "tenants"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    alert_email: Mapped[str | None] = mapped_column(String(254))
    support: Mapped[str] = mapped_column(String(20), default="", server_default="")
    mail_from: Mapped[str] = mapped_column(String(320), default="", server_default="")
    color: Mapped[str] = mapped_column(String(7), default="", server_default="")
    logo_id: Mapped[int | None] = mapped_column(ForeignKey("logos.id"))
    terms_url: Mapped[str] = mapped_column(String(500), default="", server_default="")
    privacy_url: Mapped[str] = mapped_column(String(500), default="", server_default="")
    created_at: Mapped[datetime]


def tenant_by_slug(session: Session, slug: str) -> Tenant | None:
    return session.scalar(select(Tenant).where(Tenant.slug == slug))
