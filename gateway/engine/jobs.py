"""The functions that RQ calls by name; each takes one id and can be called again at any time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from gateway.engine.deliveries import Deliveries
from gateway.engine.doorbell import JobName
from gateway.engine.enrolment.inviting import Reminding
from gateway.engine.forgetting import Forgetting
from gateway.engine.mailing import Mailing
from gateway.engine.performing import Performer
from gateway.engine.redaction import Redaction
from gateway.engine.replies import Replies
from gateway.engine.scrambling import Scrambler
from gateway.engine.strays import Strays
from gateway.engine.sync.syncing import Syncing

log = structlog.get_logger()

JobFunction = Callable[[int], None]


class Parts(Protocol):
    """Whoever does the work that a worker may be rung for."""

    @property
    def performer(self) -> Performer: ...
    @property
    def replies(self) -> Replies: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def redaction(self) -> Redaction: ...
    @property
    def strays(self) -> Strays: ...
    @property
    def scrambler(self) -> Scrambler: ...
    @property
    def mailing(self) -> Mailing: ...
    @property
    def syncing(self) -> Syncing: ...
    @property
    def reminding(self) -> Reminding: ...
    @property
    def forgetting(self) -> Forgetting: ...


def functions(parts: Parts) -> Mapping[JobName, JobFunction]:
    """Everything a worker can be rung for. There is nothing else that it could run."""
    table = {
        JobName.PERFORM: parts.performer.perform,
        JobName.DELIVER: parts.replies.deliver,
        JobName.POLL: parts.deliveries.poll,
        JobName.REDACT: parts.redaction.redact,
        JobName.REDACT_STRAY: parts.redaction.redact_stray,
        JobName.SEEK_STRAYS: parts.strays.seek,
        JobName.SCRAMBLE: parts.scrambler.scramble,
        JobName.MAIL: parts.mailing.deliver,
        JobName.SYNC: parts.syncing.begin,
        JobName.REMIND: parts.reminding.remind,
        JobName.FORGET_PHONE: parts.forgetting.forget_phone,
    }
    return {name: _guarded(name, function) for name, function in table.items()}


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
