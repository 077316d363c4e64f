"""The processes of the Procfile: they start, work, outlive what they rely on, and end."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gateway.engine.doorbell import JobName, RqDoorbell
from gateway.engine.pulse import CLOCK, on_this_machine
from gateway.records import Heartbeat, Mail, OutboundMessage
from tests.gateway.cli.conftest import PEOPLE, Terminal
from tests.mail_server import mail_server
from tests.redis_server import RedisServer, running

WITHIN_SECONDS = 60.0
Found = TypeVar("Found")


def wait_for(what: Callable[[], Found]) -> Found:
    deadline = time.monotonic() + WITHIN_SECONDS
    while not (found := what()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
    return found


class Started:
    """A command in the background, and the log that it writes."""

    def __init__(self, terminal: Terminal, words: tuple[str, ...]) -> None:
        self._log = terminal.folder / f"{'-'.join(words)}.log"
        with self._log.open("wb") as log:
            self.process = terminal.start(*words, stdout=log, stderr=log)

    def said(self, event: str = "") -> list[dict[str, Any]]:
        """All events of a name; every line of the log is JSON."""
        lines = [json.loads(line) for line in self._log.read_text().splitlines() if line]
        return [line for line in lines if event in {"", line["event"]}]

    def pids(self) -> list[int]:
        """Of the worker processes that have started so far."""
        return [line["pid"] for line in self.said("worker.started")]

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=WITHIN_SECONDS)


@pytest.fixture
def ready(terminal: Terminal, redis_server: RedisServer) -> Terminal:
    """A terminal with every setting, and somebody to text."""
    terminal.environment |= {
        "REDIS_URL": redis_server.url,
        "PUBLIC_URL": "https://reset.example.com",
        "TWILIO_ACCOUNT_SID": "AC" + "5" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+12025550100",
        "TWILIO_API_URL": "http://127.0.0.1:1",
    }
    terminal.run("people", "import", "northwind", "-", stdin=PEOPLE)
    return terminal


@pytest.fixture
def start(ready: Terminal) -> Iterator[Callable[..., Started]]:
    """Starts commands; whatever is left of them is killed after the test."""
    all_started: list[Started] = []

    def start(*words: str) -> Started:
        all_started.append(Started(ready, words))
        return all_started[-1]

    yield start
    for started in all_started:
        started.process.kill()
        started.process.wait()
        wait_for(partial(none_is_running, started.pids()))


def is_running(pid: int) -> bool:
    """A child whose parent is gone may stay as a zombie where nobody reaps it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def none_is_running(pids: list[int]) -> bool:
    return not any(is_running(pid) for pid in pids)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def free() -> int:
    return free_port()


def get(url: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            body: dict[str, Any] = json.load(answer)
            return body
    except OSError:
        return None


def an_old_text(terminal: Terminal) -> int:
    """The id of a text that is too old to be sent: a worker gives it up without asking Twilio."""
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    terminal.store(
        OutboundMessage(
            tenant_id=1,
            phone_id=1,
            template="help",
            language="en",
            facts={},
            sender="+12025550100",
            ring_at=long_ago,
            expires_at=long_ago,
            created_at=long_ago,
        )
    )
    return terminal.stored(OutboundMessage)[-1].id


def an_alert() -> Mail:
    """A mail to the MSP, as it would have been written just now."""
    now = datetime.now(UTC)
    facts = {"username": "mia.keller", "request": "1", "when": "now", "reason": "30003"}
    return Mail(
        tenant_id=1,
        organization_id=1,
        recipient="msp",
        template="password_untold_msp",
        language="en",
        facts=facts,
        key="0" * 32,
        ring_at=now,
        created_at=now,
        expires_at=now + timedelta(days=1),
    )


def states(terminal: Terminal) -> list[str]:
    return [message.state for message in terminal.stored(OutboundMessage)]


def ring(terminal: Terminal, row_id: int) -> bool:
    doorbell = RqDoorbell(terminal.environment["REDIS_URL"], time.monotonic)
    try:
        return doorbell.ring(JobName.DELIVER, row_id)
    finally:
        doorbell.close()


def test_the_web_answers_and_ends_when_it_is_told_to(start: Callable[..., Started]) -> None:
    port = free_port()
    web = start("web", "--port", str(port), "--workers", "1", "--threads", "2")
    assert wait_for(lambda: get(f"http://127.0.0.1:{port}/healthz")) == {"status": "alive"}
    nothing = {"waiting": 0, "oldest_seconds": 0.0}
    assert get(f"http://127.0.0.1:{port}/readyz") == {
        "status": "degraded",
        "database": "ok",
        "redis": "ok",
        "sweep": {"overdue": True, "ended_seconds_ago": None},
        "queues": {"interactive": nothing, "maintenance": nothing, "mail": nothing},
    }
    assert web.end() == 0
    assert {line["logger"] for line in web.said()} == {"gunicorn.error"}
    assert "/healthz" not in str(web.said())


@pytest.mark.parametrize("command", ["web", "worker", "clock"])
def test_nothing_starts_on_a_database_that_is_not_migrated(ready: Terminal, command: str) -> None:
    ready.environment["DATABASE_URL"] = f"sqlite:///{ready.folder}/another.db"
    assert "run `resetline db upgrade`" in ready.refused(command)


@pytest.mark.parametrize("command", ["web", "worker", "clock"])
def test_nothing_starts_on_bad_settings(ready: Terminal, command: str) -> None:
    ready.environment["PUBLIC_URL"] = "http://reset.example.com"
    assert "PUBLIC_URL: it must begin with https://" in ready.refused(command)


def test_a_port_that_is_taken_is_said(ready: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = ready.refused("web", "--port", port)
    assert f"cannot listen on port {port} of 127.0.0.1 (Address already in use)" in said
    assert "choose another --port or --host" in ready.refused("web", "--host", "256.1.1.1")


def test_workers_do_not_start_on_a_redis_that_forgets(ready: Terminal) -> None:
    with running("--maxmemory-policy", "allkeys-lru") as server:
        ready.environment["REDIS_URL"] = server.url
        for words in (["worker"], ["worker", "--queue", "interactive"]):
            assert "set `maxmemory-policy noeviction`" in ready.refused(*words)


def test_a_worker_does_what_was_rung_for_also_after_redis_was_away(
    ready: Terminal, start: Callable[..., Started], redis_server: RedisServer
) -> None:
    worker = start("worker", "--processes", "1")
    wait_for(lambda: len(worker.pids()) == 2)
    ring(ready, an_old_text(ready))
    wait_for(lambda: states(ready) == ["failed"])
    redis_server.stop()
    time.sleep(1)
    redis_server.start()
    second = an_old_text(ready)
    wait_for(lambda: ring(ready, second) and states(ready) == ["failed", "failed"])
    assert worker.end() == 0
    assert worker.said("worker.stopped")


def test_a_worker_waits_for_a_redis_that_is_not_there_yet(
    ready: Terminal, start: Callable[..., Started], redis_server: RedisServer
) -> None:
    redis_server.stop()
    worker = start("worker", "--queue", "maintenance")
    wait_for(lambda: worker.said("redis.waiting"))
    redis_server.start()
    wait_for(worker.pids)
    assert worker.end() == 0


def test_where_there_is_a_mail_server_one_process_sends_mail(
    ready: Terminal, start: Callable[..., Started]
) -> None:
    with mail_server() as box:
        ready.environment["SMTP_URL"] = f"smtp://127.0.0.1:{box.port}"
        ready.run("tenant", "set", "msp", "--alert-email", "alerts@msp.example")
        workers, clock = start("worker", "--processes", "1"), start("clock")
        ready.store(an_alert())
        wait_for(lambda: workers.said("mail.sent"))
        wait_for(lambda: len(workers.pids()) == 3)
    assert [mail["To"] for mail in box.mails] == ["alerts@msp.example"]
    queues = sorted(line["queue"] for line in workers.said("worker.started"))
    assert queues == ["interactive", "mail", "maintenance"]
    assert (clock.end(), workers.end()) == (0, 0)


def test_a_worker_that_dies_is_replaced_and_all_end_with_their_supervisor(
    start: Callable[..., Started],
) -> None:
    workers = start("worker", "--processes", "2")
    wait_for(lambda: len(workers.pids()) == 3)
    queues = sorted(line["queue"] for line in workers.said("worker.started"))
    assert queues == ["interactive", "interactive", "maintenance"]
    os.kill(workers.pids()[0], signal.SIGKILL)
    wait_for(lambda: len(workers.pids()) == 4)
    assert workers.said("worker.died")[0]["status"] == -signal.SIGKILL
    assert workers.end() == 0
    assert none_is_running(workers.pids())
    assert len(workers.said("worker.stopped")) == 3


def test_workers_end_when_their_supervisor_is_killed(start: Callable[..., Started]) -> None:
    workers = start("worker", "--processes", "1")
    wait_for(lambda: len(workers.pids()) == 2)
    workers.process.kill()
    wait_for(partial(none_is_running, workers.pids()))


def test_the_clock_does_what_is_left_behind_also_without_redis(
    ready: Terminal, start: Callable[..., Started], redis_server: RedisServer
) -> None:
    redis_server.stop()
    an_old_text(ready)
    clock = start("clock")
    wait_for(lambda: states(ready) == ["failed"])
    assert clock.end() == 0
    assert clock.said("clock.stopped")


def test_without_a_mail_server_the_clock_fails_what_was_to_be_mailed(
    ready: Terminal, start: Callable[..., Started]
) -> None:
    ready.store(an_alert())
    clock = start("clock")
    wait_for(lambda: clock.said("mail.no_smtp"))
    wait_for(lambda: ready.stored(Mail)[0].error == "no_smtp")
    assert clock.end() == 0


def test_every_process_of_the_procfile_is_a_command_that_we_have(bare: Terminal) -> None:
    procfile = (Path(__file__).parents[3] / "Procfile").read_text()
    for line in procfile.splitlines():
        name, _, command = line.partition(": ")
        program, *words = command.split()
        assert program == "resetline", name
        plain = [word for word in words if not word.startswith(("-", "$", "0"))]
        assert bare.run(*plain, "--help").startswith("Usage: resetline ")


def test_only_one_queue_is_listened_to_by_a_process(ready: Terminal) -> None:
    said = ready.refused("worker", "--queue", "interactive,maintenance", status=2)
    assert "interactive" in said


def silent(terminal: Terminal, *words: str) -> bool:
    return terminal.enter("health", *words).exit_code == 1


def test_each_process_says_that_it_is_at_work_and_one_that_never_ran_does_not(
    ready: Terminal, start: Callable[..., Started], free: int
) -> None:
    for words in (["clock"], ["worker"], ["web", "--port", str(free)]):
        assert silent(ready, *words)
    said = ready.refused("health", "clock")
    assert said == (
        "resetline: this machine's clock was never heard of: look at its log, restart it"
    )
    start("clock")
    start("worker", "--queue", "interactive")
    start("web", "--port", str(free), "--workers", "1")
    wait_for(lambda: not silent(ready, "clock") and not silent(ready, "worker"))
    wait_for(lambda: get(f"http://127.0.0.1:{free}/healthz"))
    assert ready.run("health", "web", "--port", str(free)).startswith("The web process answers:")
    assert silent(ready, "worker", "--queue", "maintenance")
    wait_for(lambda: (get(f"http://127.0.0.1:{free}/readyz") or {})["status"] == "ready")


def test_a_worker_is_at_work_also_while_it_has_no_redis(
    ready: Terminal, start: Callable[..., Started], redis_server: RedisServer
) -> None:
    start("worker", "--queue", "interactive")
    wait_for(lambda: not silent(ready, "worker"))
    redis_server.stop()
    ready.sql("DELETE FROM heartbeats")
    wait_for(lambda: not silent(ready, "worker"))


def test_a_process_that_fell_silent_is_told_to_be_restarted(ready: Terminal) -> None:
    at = datetime.now(UTC) - timedelta(minutes=4)
    ready.store(Heartbeat(name=on_this_machine(CLOCK), at=at))
    assert "clock has long not been heard of" in ready.refused("health", "clock")


def test_a_web_process_that_cannot_keep_texts_is_told_apart(
    ready: Terminal, start: Callable[..., Started], free: int
) -> None:
    start("web", "--port", str(free), "--workers", "1")
    wait_for(lambda: get(f"http://127.0.0.1:{free}/healthz"))
    ready.sql("UPDATE alembic_version SET version_num = '0001'")
    said = ready.refused("health", "web", "--port", str(free))
    assert "cannot keep texts (database: needs `resetline db upgrade`)" in said
