"""Logos: the pixels of each one once, found by the digest of what is served."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from gateway.records.base import Base, Id


class Logo(Base):
    """`digest` is the SHA-256 of `content`: what is at an address of ours never changes."""

    __tablename__ = "logos"

    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    media_type: Mapped[str] = mapped_column(String(40))
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


def logo_by_digest(session: Session, digest: str) -> Logo | None:
    return session.scalar(select(Logo).where(Logo.digest == digest))
