"""The functions that RQ calls by name; each takes one id and can be called again at any time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from gateway.engine.deliveries import Deliveries
from gateway.engine.doorbell import JobName
from gateway.engine.mailing import Mailing
from gateway.engine.performing import Performer
from gateway.engine.replies import Replies

log = structlog.get_logger()

JobFunction = Callable[[int], None]


def functions(
    performer: Performer, replies: Replies, deliveries: Deliveries, mailing: Mailing
) -> Mapping[JobName, JobFunction]:
    """Everything a worker can be rung for. There is nothing else that it could run."""
    return {
        JobName.PERFORM: _guarded(JobName.PERFORM, performer.perform),
        JobName.DELIVER: _guarded(JobName.DELIVER, replies.deliver),
        JobName.REDACT: _guarded(JobName.REDACT, deliveries.redact),
        JobName.MAIL: _guarded(JobName.MAIL, mailing.deliver),
    }


def _guarded(name: JobName, function: JobFunction) -> JobFunction:
    """Keep an unforeseen error in our own log: RQ would store its traceback in Redis.

    The row is still held by its lease, so the clock rings for it again.
    """

    def run(row_id: int) -> None:
        with structlog.contextvars.bound_contextvars(job=name.value, row=row_id):
            try:
                function(row_id)
            except Exception:
                log.exception("job.failed")

    return run
