"""Tells of a limit that was reached: to the audit, the metrics that count it, and the log."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from gateway.limits import Exceeded
from gateway.records.about import About
from gateway.records.audit import Event, record

log = structlog.get_logger()


def tell(session: Session, exceeded: Exceeded, about: About, now: datetime, *, mode: str) -> None:
    """Once in each span: a flood must not fill the audit."""
    if not exceeded.is_first:
        return
    name = exceeded.limit.name
    log.warning("limit.reached", limit=name, organization=about.organization_id)
    record(session, Event.LIMIT_REACHED, about, now, reason=name, mode=mode)
