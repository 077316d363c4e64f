"""Consents to be texted: when, from where, and to which words; they outlive the person's row."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.records.base import Base, Id


class Consent(Base):
    """Evidence that carriers and courts may ask for years later, so it hangs on no other row."""

    __tablename__ = "consents"

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), index=True)
    organization_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(index=True)
    sealed_number: Mapped[str] = mapped_column(Text)
    number_index: Mapped[str] = mapped_column(String(64), index=True)
    given_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(45))
    """The IP address that it was given from."""
    wording: Mapped[str] = mapped_column(String(20))
    """The version of the words, as `gateway/consent.py` lists them."""
    language: Mapped[str] = mapped_column(String(8))
