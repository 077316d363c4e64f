"""How the installation is doing, read from the database: the same from every process."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import RedisError
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from gateway import redis_address
from gateway.records import AuditEvent, OutboundMessage, Request, schema
from gateway.records.database import DatabaseUnavailable
from gateway.records.messages import OutboundState
from gateway.records.requests import ALIVE
from gateway.wiring import Gateway

CONTENT_TYPE = CONTENT_TYPE_LATEST
REDIS_SECONDS = 0.5
OVERDUE = timedelta(minutes=15)
"""By then the carrier's copy of a text should have been emptied, report or no report."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether texts can be kept (`database`), and answered at once (`redis`)."""

    database: str
    redis: str

    @property
    def ready(self) -> bool:
        return self.database == "ok"

    def as_dict(self) -> dict[str, Any]:
        status = "ready" if self.ready and self.redis == "ok" else "degraded"
        return {
            "status": status if self.ready else "not ready",
            "database": self.database,
            "redis": self.redis,
        }


def readiness(gateway: Gateway) -> Readiness:
    return Readiness(_database(gateway), _redis(gateway.settings.redis_url))


def _database(gateway: Gateway) -> str:
    try:
        with gateway.database.transaction() as session:
            current = schema.is_current(session.connection())
    except DatabaseUnavailable:
        return "down"
    return "ok" if current else "needs `resetline db upgrade`"


def _redis(url: str) -> str:
    client = redis_address.client(
        url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )
    try:
        client.ping()
    except RedisError:
        return "down"
    finally:
        client.close()
    return "ok"


def metrics(gateway: Gateway) -> bytes:
    """All figures in Prometheus' text format. Labels name states, never people."""
    with gateway.database.transaction() as session:
        registry = CollectorRegistry()
        registry.register(_Figures(session, gateway.now()))
        return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now

    def collect(self) -> Iterable[Metric]:
        yield self._requests()
        yield self._events()
        yield self._age("resetline_oldest_request", Request, Request.state.in_(ALIVE))
        waiting = OutboundMessage.state == OutboundState.WAITING
        yield self._age("resetline_oldest_unsent_text", OutboundMessage, waiting)
        yield self._unredacted()

    def _requests(self) -> Metric:
        family = GaugeMetricFamily(
            "resetline_requests", "Requests by action and state.", labels=["action", "state"]
        )
        rows = self._session.execute(
            select(Request.action, Request.state, func.count()).group_by(
                Request.action, Request.state
            )
        )
        for action, state, count in rows:
            family.add_metric([action, state], count)
        return family

    def _events(self) -> Metric:
        """An operator's command counts without its reason, which may hold any figure."""
        family = CounterMetricFamily(
            "resetline_events", "Audited events by kind and reason.", labels=["event", "reason"]
        )
        reason = case((AuditEvent.mode == "sms", AuditEvent.reason), else_="")
        rows = self._session.execute(
            select(AuditEvent.event, reason, func.count()).group_by(AuditEvent.event, reason)
        )
        for event, reason, count in rows:
            family.add_metric([event, reason], count)
        return family

    def _age(self, name: str, model: type[Request | OutboundMessage], waits: Any) -> Metric:
        oldest = self._session.scalar(select(func.min(model.created_at)).where(waits))
        age = (self._now - oldest).total_seconds() if oldest else 0.0
        return GaugeMetricFamily(f"{name}_seconds", "Age of the oldest that waits.", value=age)

    def _unredacted(self) -> Metric:
        count = self._session.scalar(
            select(func.count()).where(
                OutboundMessage.redacted_at.is_(None),
                OutboundMessage.accepted_at <= self._now - OVERDUE,
            )
        )
        return GaugeMetricFamily(
            "resetline_unredacted_texts", "Texts whose copy at the carrier is overdue.", count
        )
