"""How the audit's chain stands at one moment: its head, its ends, and what is not sealed yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.records.audit import AuditEvent
from gateway.records.audit_chain import AuditHead, AuditKey


@dataclass(frozen=True, slots=True)
class ChainState:
    """As of one moment, though the clock may go on sealing."""

    head: AuditHead | None
    first_position: Any
    last_position: Any
    unsealed: int
    unsealed_since: datetime | None


def chain_state(session: Session) -> ChainState:
    """One statement, as each sees another moment in PostgreSQL."""
    waiting = AuditEvent.position.is_(None)
    ends = select(
        select(func.min(AuditEvent.position)).scalar_subquery().label("first"),
        select(func.max(AuditEvent.position)).scalar_subquery().label("last"),
        select(func.count()).where(waiting).scalar_subquery().label("unsealed"),
        select(func.min(AuditEvent.at)).where(waiting).scalar_subquery().label("since"),
    ).subquery()
    statement = select(AuditHead, ends).select_from(ends).outerjoin(AuditHead, AuditHead.id > 0)
    return ChainState(*session.execute(statement.limit(1)).one())


def kept_keys(session: Session) -> list[str]:
    """All that have ever sealed an event, each sealed itself."""
    return list(session.scalars(select(AuditKey.sealed_key).order_by(AuditKey.id)))
