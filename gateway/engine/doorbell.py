"""RQ as a doorbell: it tells a worker which row to look at; the row itself is the queue."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol

import structlog
from rq import Queue
from rq.serializers import JSONSerializer

from gateway import redis_address

log = structlog.get_logger()

JOB_SECONDS: Final = 120
"""A last resort far above every timeout of ours: RQ would interrupt between any two lines."""
FORGET_FAILURE_SECONDS: Final = 3600
FORGET_RING_SECONDS: Final = 600
"""Nobody heard it by then: the clock has long rung again, and Redis must not fill up."""

REDIS_SECONDS: Final = 0.25
QUIET_SECONDS: Final = 5.0
"""After a failure nobody waits for Redis again for this long; the clock rings instead."""


class QueueName(StrEnum):
    """Each worker process listens to exactly one of these."""

    INTERACTIVE = "interactive"
    MAINTENANCE = "maintenance"
    MAIL = "mail"


class JobName(StrEnum):
    """What may be rung for. Not import paths: a foreign RQ worker could run none of them."""

    PERFORM = "perform"
    DELIVER = "deliver"
    POLL = "poll"
    REDACT = "redact"
    REDACT_STRAY = "redact_stray"
    SEEK_STRAYS = "seek_strays"
    SCRAMBLE = "scramble"
    MAIL = "mail"
    SYNC = "sync"
    REMIND = "remind"
    FORGET_PHONE = "forget_phone"


QUEUE_OF: Final = {
    JobName.PERFORM: QueueName.INTERACTIVE,
    JobName.DELIVER: QueueName.INTERACTIVE,
    JobName.POLL: QueueName.MAINTENANCE,
    JobName.REDACT: QueueName.MAINTENANCE,
    JobName.REDACT_STRAY: QueueName.MAINTENANCE,
    JobName.SEEK_STRAYS: QueueName.MAINTENANCE,
    JobName.SCRAMBLE: QueueName.MAINTENANCE,
    JobName.MAIL: QueueName.MAIL,
    JobName.SYNC: QueueName.MAINTENANCE,
    JobName.REMIND: QueueName.MAINTENANCE,
    JobName.FORGET_PHONE: QueueName.MAINTENANCE,
}


class Doorbell(Protocol):
    """Ringing may fail, come late or come twice: nothing hangs on it."""

    def ring(self, job: JobName, row_id: int) -> bool:
        """Tell a worker about a row. False where it could not be told."""
        ...


class RqDoorbell:
    """Rings through Redis, with a short timeout, and keeps quiet for a while after a failure."""

    def __init__(self, redis_url: str, monotonic: Callable[[], float]) -> None:
        self._redis = redis_address.client(
            redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
        )
        self._monotonic = monotonic
        self._quiet_until = 0.0
        self._queues = {
            name: Queue(name, connection=self._redis, serializer=JSONSerializer)
            for name in QueueName
        }

    def ring(self, job: JobName, row_id: int) -> bool:
        if self._monotonic() < self._quiet_until:
            return False
        try:
            self._queues[QUEUE_OF[job]].enqueue_call(
                job.value,
                args=(row_id,),
                description=job.value,
                timeout=JOB_SECONDS,
                ttl=FORGET_RING_SECONDS,
                result_ttl=0,
                failure_ttl=FORGET_FAILURE_SECONDS,
            )
        except Exception as error:  # noqa: BLE001  (the client's own too: see gateway/limits.py)
            self._quiet_until = self._monotonic() + QUIET_SECONDS
            log.warning("doorbell.silent", job=job.value, error=type(error).__name__)
            return False
        return True

    def close(self) -> None:
        self._redis.close()
