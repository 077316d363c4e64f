"""Whether texts can be kept, whether they are answered at once, and what is waiting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from redis import Redis, RedisError
from sqlalchemy.orm import Session

from gateway.engine.doorbell import QueueName
from gateway.engine.pulse import SWEEP_OVERDUE
from gateway.monitoring.queues import Waiting, waiting
from gateway.records import schema
from gateway.records.database import DatabaseUnavailable
from gateway.records.heartbeats import SWEEP, last_beat
from gateway.wiring import Gateway

REDIS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Readiness:
    """Texts are kept with the database alone; answered at once with Redis, surely with sweeps."""

    at: datetime
    database: str
    redis: str
    swept_at: datetime | None = None
    queues: Mapping[QueueName, Waiting] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        return self.database == "ok"

    @property
    def sweep_overdue(self) -> bool:
        return self.swept_at is None or self.at - self.swept_at > SWEEP_OVERDUE

    def as_dict(self) -> dict[str, Any]:
        whole = self.redis == "ok" and not self.sweep_overdue
        told: dict[str, Any] = {
            "status": ("ready" if whole else "degraded") if self.ready else "not ready",
            "database": self.database,
            "redis": self.redis,
        }
        return told | (self._figures() if self.ready else {})

    def _figures(self) -> dict[str, Any]:
        ago = (self.at - self.swept_at).total_seconds() if self.swept_at else None
        return {
            "sweep": {"overdue": self.sweep_overdue, "ended_seconds_ago": ago},
            "queues": {
                name.value: {"waiting": each.count, "oldest_seconds": each.seconds(self.at)}
                for name, each in self.queues.items()
            },
        }


def readiness(gateway: Gateway) -> Readiness:
    now, redis = gateway.now(), _redis(gateway.settings.redis_url)
    try:
        with gateway.database.reading() as session:
            return _by_the_records(session, now, redis)
    except DatabaseUnavailable:
        return Readiness(now, "down", redis)


def _by_the_records(session: Session, now: datetime, redis: str) -> Readiness:
    if not schema.is_current(session.connection()):
        return Readiness(now, "needs `resetline db upgrade`", redis)
    return Readiness(now, "ok", redis, last_beat(session, SWEEP), waiting(session, now))


def _redis(url: str) -> str:
    client = Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
    try:
        client.ping()
    except RedisError:
        return "down"
    finally:
        client.close()
    return "ok"
