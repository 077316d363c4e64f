"""`resetline web`, `worker` and `clock`: the processes that a Procfile names."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Final

import click
import structlog
from click.exceptions import Exit

from gateway import logs
from gateway.cli import storage
from gateway.cli.shell import Failed
from gateway.records import schema
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.engine.doorbell import QueueName
    from gateway.wiring import Gateway

log = structlog.get_logger()

QUEUES: Final = ("interactive", "maintenance", "mail")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True)
def web(host: str, port: int, *, workers: int, threads: int) -> None:
    """Run the web process, which Twilio calls: --workers processes of --threads threads each."""
    settings = _settings()
    _refuse_unless_migrated(settings)
    from gateway.cli.server import serve

    serve(settings, host, port, workers=workers, threads=threads)


@click.command()
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--queue", type=click.Choice(QUEUES), help="Run one process for this queue only.")
@click.option("--child", is_flag=True, hidden=True)
def worker(processes: int, queue: str | None, *, child: bool) -> None:
    """Run the workers, which do what was asked for.

    --processes of them answer people; one more does what can wait, and one sends mail where
    SMTP_URL is set.
    """
    settings = _settings()
    if queue == "mail" and not settings.smtp_url:
        raise Failed("no mail is sent without SMTP_URL: set it first, or leave --queue mail out")
    if queue is None:
        _supervise(settings, processes)
        return
    if child:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    _work(settings, queue, child=child)


@click.command()
def clock() -> None:
    """Run the clock, which picks up what was left behind. Of several, one acts."""
    settings = _settings()
    _refuse_unless_migrated(settings)
    from gateway.engine import clock as clock_process
    from gateway.wiring import Gateway

    gateway = Gateway(settings)
    clock_process.run(gateway.sweeps, gateway.turn)


def _settings() -> Settings:
    settings = storage.read_settings(Settings)
    logs.configure(settings.log_level, settings.log_format)
    return settings


def _refuse_unless_migrated(settings: Settings) -> None:
    with storage.reached(settings) as database, database.transaction() as session:
        if not schema.is_current(session.connection()):
            raise Failed("the database is not up to date: run `resetline db upgrade`")


def _supervise(settings: Settings, processes: int) -> None:
    from gateway.cli.redis_fitness import wait_until_fit
    from gateway.engine.supervisor import Supervisor

    _refuse_unless_migrated(settings)
    wait_until_fit(settings.redis_url, refuse=True)
    once = ("maintenance", "mail") if settings.smtp_url else ("maintenance",)
    queues = ("interactive",) * processes + once
    Supervisor([("worker", "--queue", queue, "--child") for queue in queues]).run()


def _work(settings: Settings, queue: str, *, child: bool) -> None:
    """One process for one queue. A supervised one waits for what only an operator can mend."""
    from gateway.cli.redis_fitness import wait_until_fit
    from gateway.engine.doorbell import QueueName
    from gateway.wiring import Gateway

    gateway = Gateway(settings)
    try:
        wait_until_fit(settings.redis_url, refuse=not child)
        while (stopped := _listen(gateway, QueueName(queue))) is None and child:
            wait_until_fit(settings.redis_url, refuse=False)
    finally:
        gateway.syncing.stop()
        gateway.directories.close()
        gateway.database.close()
    log.info("worker.stopped", queue=queue)
    if not stopped:
        raise Exit(1)


def _listen(gateway: Gateway, queue: QueueName) -> bool | None:
    """Work until told to stop (True) or not able to go on (False); None where Redis went away."""
    from redis import RedisError

    from gateway.engine.pulse import worker_of
    from gateway.engine.worker import build

    process = None
    try:
        process = build(gateway.settings.redis_url, queue, gateway.functions)
        process.tell_alive = gateway.pulse(worker_of(queue)).beat
        log.info("worker.started", queue=queue.value, pid=os.getpid())
        process.work()
    except RedisError as error:
        log.error("worker.lost_redis", queue=queue.value, error=type(error).__name__)
        if process is None or not process.was_told_to_stop:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)  # while we wait, nothing is in hand
            return None
    return process.was_told_to_stop


def _end_with_parent() -> None:
    """Our standard input ends when the supervisor is gone, however it went."""
    from gateway.engine.supervisor import STOP_WITHIN_SECONDS

    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_WITHIN_SECONDS)
    os._exit(1)
