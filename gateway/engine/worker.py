"""A worker process: listens to exactly one queue and can run nothing but the jobs we know."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import FrameType
from typing import Any, ClassVar, Final

import structlog
from redis import RedisError, ResponseError
from redis.client import Pipeline
from rq import Queue, SimpleWorker, worker_registration
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException
from rq.utils import now
from rq.worker import WorkerStatus

from gateway import redis_address
from gateway.engine.doorbell import FORGET_FAILURE_SECONDS, JOB_SECONDS, JobName, QueueName
from gateway.engine.jobs import JobFunction

log = structlog.get_logger()

WORKER_TTL_SECONDS: Final = 20
"""An idle worker looks up this often less 15 s: RQ's own 420 s would delay its housekeeping."""

MAINTENANCE_SECONDS: Final = 15
HEARTBEAT_SECONDS: Final = 5
RECONNECT_SECONDS: Final = 2.0
CONNECT_SECONDS: Final = 5
LONGEST_JOB_BYTES: Final = 1024
LARGEST_ID: Final = 2**63 - 1


class KnownJob(Job):
    """One of our functions and one id: nothing else of a row in Redis is believed.

    RQ imports whatever a job names, its callbacks and webhooks included, so whoever can write to
    Redis could run any code in the process that holds the directory's password. Here a name is
    looked up in a table and nothing is ever imported; how long a job may run, how long it is kept
    and what follows it are ours to say. What is no job of ours is dropped before it begins.
    """

    functions: ClassVar[Mapping[str, JobFunction]] = {}
    queue_name: ClassVar[str] = ""

    def refresh(self) -> None:
        """Read the row. A key that holds something else than a row holds no job."""
        try:
            super().refresh()  # type: ignore[no-untyped-call]
        except ResponseError:
            self._drop()

    def restore(self, raw_data: Any) -> None:
        name, row_id = _read(raw_data)
        if name not in self.functions or row_id is None:
            self._drop()
        self._func_name, self._instance, self._args, self._kwargs = name, None, [row_id], {}
        self.description = name
        self.origin = self.queue_name
        self.timeout = JOB_SECONDS
        self.result_ttl = 0
        self.failure_ttl = FORGET_FAILURE_SECONDS

    @property
    def func(self) -> JobFunction:
        return self.functions[str(self.func_name)]

    def _drop(self) -> None:
        log.error("worker.foreign_job", queue=self.queue_name, job_id=self.id)
        raise NoSuchJobError("not a job of ours; it was not run")


def _read(raw_data: Any) -> tuple[str, int | None]:
    """The function's name and the id that it is to take, if that is all there is."""
    try:
        packed = zlib.decompressobj().decompress(bytes(raw_data[b"data"]), LONGEST_JOB_BYTES)
        name, instance, args, kwargs = json.loads(packed)
    except (KeyError, TypeError, ValueError, RecursionError, zlib.error):
        return "", None
    if not isinstance(name, str) or instance is not None or kwargs != {}:
        return "", None
    if not isinstance(args, list) or len(args) != 1 or type(args[0]) is not int:
        return "", None
    return name, args[0] if 0 < args[0] <= LARGEST_ID else None


class DoorbellWorker(SimpleWorker):
    """Works in its own process without forking, so that it keeps its directory connections.

    RQ's own repairs are left out: our rows are the queue, and the clock rings again for each that
    nobody finished. So whatever stands in Redis may be dropped, and none of it can stop a worker.
    """

    max_connection_wait_time = RECONNECT_SECONDS
    log_result_lifespan = False
    tell_alive: Callable[[], None] | None = None

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for the next job, past any entry that is not even the name of one."""
        while True:
            try:
                return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
            except ValueError:
                log.error("worker.foreign_entry", queue=self.queues[0].name)

    @property
    def was_told_to_stop(self) -> bool:
        """Otherwise it ended because of something that RQ could not go on with."""
        return self._shutdown_requested_date is not None

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """A second signal does not break off a job in hand; the supervisor ends what hangs."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run it and let it go. Its row in the database says all there is to know of it.

        RQ's own bookkeeping takes a dozen round trips for each job, and nothing of ours reads it.
        """
        self.set_state(WorkerStatus.BUSY)
        try:
            with self.death_penalty_class(JOB_SECONDS, JobTimeoutException, job_id=job.id):
                job.func(*job.args)
        finally:
            self.set_state(WorkerStatus.IDLE)
        try:
            with self.connection.pipeline(transaction=False) as pipe:
                pipe.delete(job.key)
                pipe.lrem(queue.intermediate_queue_key, 1, job.id)
                pipe.execute()
        except RedisError as error:  # what is left there expires; the job is done
            log.warning("worker.lost_redis", queue=queue.name, error=type(error).__name__)

    def set_state(self, state: str, pipeline: Any = None) -> None:  # noqa: ARG002  (RQ's name)
        """Known to this process only: whether a signal may end it at once."""
        self._state = state

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """RQ calls this before and after each job, and every few seconds while there is none.

        Redis is not told with every job.
        """
        if self.tell_alive:
            self.tell_alive()
        last = self.last_heartbeat
        if pipeline is None and last and (now() - last).total_seconds() < HEARTBEAT_SECONDS:
            return
        try:
            super().heartbeat(timeout, pipeline)
        except RedisError as error:  # the wait for the next job deals with it
            log.warning("worker.lost_redis", error=type(error).__name__)

    def check_for_suspension(self, burst: bool) -> None:  # noqa: FBT001  (RQ's signature)
        """Nobody stops us through Redis."""

    def clean_registries(self) -> None:
        """Let go of what workers that died have left in Redis. The rows of jobs expire there."""
        for queue in self.queues:
            kept = queue.started_job_registry.key, queue.failed_job_registry.key
            self.connection.delete(queue.intermediate_queue_key, *kept)
            try:
                worker_registration.clean_worker_registry(queue)
            except (ResponseError, ValueError):
                log.exception("worker.cannot_clean", queue=queue.name)
        self.last_cleaned_at = datetime.now(UTC)  # type: ignore[assignment]  # RQ says None

    def clean_group_registries(self) -> None:
        """We have no groups."""

    def subscribe(self) -> None:
        """Take no commands by publication: a worker is stopped by a signal to its process."""


def build(
    redis_url: str, queue: QueueName, functions: Mapping[JobName, JobFunction]
) -> DoorbellWorker:
    """A worker for one queue. More than one would make RQ lose a job when a worker is killed.

    Raises redis.ConnectionError where there is no Redis.
    """
    members = {"functions": {k.value: f for k, f in functions.items()}, "queue_name": queue.value}
    known = type("KnownJob", (KnownJob,), members)
    redis = redis_address.client(redis_url, socket_connect_timeout=CONNECT_SECONDS)
    return DoorbellWorker(
        [Queue(queue, connection=redis, job_class=known, serializer=JSONSerializer)],
        connection=redis,
        job_class=known,
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL_SECONDS,
        maintenance_interval=MAINTENANCE_SECONDS,
        log_job_description=False,
    )
