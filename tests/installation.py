"""A whole installation as an operator runs it: real processes, a real Redis, a simulated world."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from flask import Flask
from pydantic import SecretStr
from sqlalchemy import select

from directory.accounts import DirectorySettings
from gateway.records import Base, InboundMessage, OutboundMessage, Person, Phone, Request
from gateway.records.database import Database
from gateway.records.messages import OutboundState
from gateway.records.requests import RequestState
from gateway.seal import Seal, new_key
from simulator.twilio import Account, Carrier, Message, Number, Pace, Status, serving
from simulator.twilio.api import blueprint
from simulator.twilio.timetable import LiveTimetable
from tests.redis_server import RedisServer, running

OUR_NUMBER = "+12025550100"
ACCOUNT_SID = "AC" + "5" * 32
AUTH_TOKEN = "the-auth-token-of-these-tests"
MSP_ADDRESS = "alerts@msp.example.com"
WITHIN_SECONDS = 40.0
ENDS_WITHIN_SECONDS = 45.0
"""As the units in docs/operating.md give a process to end (TimeoutStopSec)."""

ONE_AFTER_THE_OTHER = """
import json, sys
from gateway.cli import resetline
for words in json.load(sys.stdin):
    resetline(words, prog_name="resetline", standalone_mode=False)
"""
Found = TypeVar("Found")


def wait_for(what: Callable[[], Found], *, seconds: float = WITHIN_SECONDS) -> Found:
    """Ask until the answer is true, and give up with what was asked."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RememberingCarrier(Carrier):
    """Remembers what the phones show: redaction at the carrier does not reach them."""

    def create(self, form: Mapping[str, str]) -> Message:
        self.given.append((form["To"], form["Body"]))
        message = super().create(form)
        self._bodies[message.sid] = form["Body"]
        return message

    def shown(self, number: str) -> list[str]:
        """What one phone shows, oldest first: nothing of what never arrived."""
        return [
            self._bodies[text.sid]
            for text in self.texts_to(number)
            if text.sid in self._bodies and text.status not in (Status.UNDELIVERED, Status.FAILED)
        ]

    @cached_property
    def given(self) -> list[tuple[str, str]]:
        """Every number and text that was handed over, those that were refused among them."""
        return []

    @cached_property
    def _bodies(self) -> dict[str, str]:
        return {}


@dataclass
class Process:
    """One of our processes, run exactly as the Procfile runs it."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "gateway.cli", *self.arguments],
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                cwd=self.log.parent,
                start_new_session=True,
            )

    def signal(self, number: int) -> None:
        """To the process and everything that it started."""
        if self.running and self.running.poll() is None:
            os.killpg(self.running.pid, number)

    def ended(self) -> int | None:
        """The exit status of a process that was told to stop, once it has stopped."""
        return self.running.wait(ENDS_WITHIN_SECONDS) if self.running else None

    def kill(self) -> None:
        """As the kernel would when memory runs out: without a word."""
        self.signal(signal.SIGKILL)
        if self.running:
            self.running.wait()

    def stop(self) -> int:
        """As an operator would: politely. Returns the exit status."""
        if not self.running:
            return 0
        if self.running.poll() is None:
            self.running.terminate()
        try:
            return self.running.wait(ENDS_WITHIN_SECONDS)
        finally:
            self.kill()


@dataclass
class Installation:
    """A gateway that serves one organization, with the world around it in this process."""

    folder: Path
    database_url: str
    redis: RedisServer
    carrier: RememberingCarrier
    twilio_url: str
    directory: DirectorySettings
    public_port: int = field(default_factory=free_port)
    secret_key: str = field(default_factory=new_key)
    smtp_url: str = ""
    """Where mail goes; then everybody has an address, and the MSP has one too."""

    def __post_init__(self) -> None:
        self.web = self._process("web", "web", "--port", str(self.public_port), "--workers", "1")
        self.worker = self._process("worker", "worker", "--queue", "interactive")
        self.maintenance = self._process("maintenance", "worker", "--queue", "maintenance")
        self.clock = self._process("clock", "clock")
        self.processes = [self.web, self.worker, self.maintenance, self.clock]
        if self.smtp_url:
            self.processes.append(self._process("mail", "worker", "--queue", "mail"))

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis.url,
            "SECRET_KEYS": self.secret_key,
            "PUBLIC_URL": self.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_FROM": OUR_NUMBER,
            "TWILIO_API_URL": self.twilio_url,
            "TWILIO_TIMEOUT_SECONDS": "3",
            "LOG_LEVEL": "DEBUG",
            "SMTP_URL": self.smtp_url,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.public_port}"

    def resetline(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command line as an operator would."""
        result = subprocess.run(
            [sys.executable, "-m", "gateway.cli", *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            cwd=self.folder,
        )
        assert not check or result.returncode == 0, result.stderr + result.stdout
        return result

    def set_up(self, people: Mapping[str, str]) -> None:
        """What an operator types once; `people` maps usernames to numbers."""
        password = self._bind_password_file()
        rows = "".join(f"{name},{number},{_address(name)}\n" for name, number in people.items())
        (self.folder / "people.csv").write_text("username,phone,email\n" + rows)
        alert = [["organization", "set", "northwind", "--alert-email", MSP_ADDRESS]]
        self._resetlines(
            ["db", "upgrade"],
            ["tenant", "add", "Example MSP", "--slug", "msp"],
            ["organization", "add", "northwind", "--tenant", "msp", "--name", "Northwind"],
            [
                "policy",
                "set",
                "northwind",
                "confirm_by_word=off",
                "resets_per_day=50",
                "changes_per_hour=1000000",
            ],
            self._setting_the_directory(password),
            *(alert if self.smtp_url else ()),
            ["people", "import", "northwind", "people.csv", "--trust-phones", "--self-serve"],
        )
        password.unlink()

    def set_directory(self) -> None:
        """Anew, as it is now."""
        password = self._bind_password_file()
        self._resetlines(self._setting_the_directory(password))
        password.unlink()

    def _resetlines(self, *commands: Sequence[str]) -> None:
        """One command after the other in one process, as each would take seconds to begin."""
        result = subprocess.run(
            [sys.executable, "-c", ONE_AFTER_THE_OTHER],
            input=json.dumps(commands),
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            cwd=self.folder,
        )
        assert result.returncode == 0, result.stderr + result.stdout

    def _bind_password_file(self) -> Path:
        path = self.folder / "bind-password"
        path.touch(mode=0o600)
        path.write_text(self.directory.bind_password.get_secret_value())
        return path

    def _setting_the_directory(self, password: Path) -> list[str]:
        ca = self.folder / "ca.pem"
        ca.write_text(self.directory.ca_pem or "")
        urls = [part for url in self.directory.urls for part in ("--url", url)]
        return [
            *("directory", "set", "northwind", "--kind", "active_directory", *urls),
            *("--base-dn", self.directory.base_dn, "--bind-dn", self.directory.bind_dn),
            *("--bind-password-file", str(password), "--ca-file", str(ca)),
        ]

    def start(self) -> None:
        for process in self.processes:
            process.start()
        wait_for(self.is_ready)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def revive(self) -> None:
        """Whatever is dead is started again, as a supervisor would."""
        if self.redis.process is None:
            self.redis.start()
        for process in self.processes:
            if process.running is None or process.running.poll() is not None:
                process.start()
        wait_for(self.is_ready)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
        self._database.close()

    def text(self, body: str, number: str) -> None:
        self.carrier.send_text(number, OUR_NUMBER, body)

    def texts(self, number: str) -> list[str]:
        """What the phone shows, oldest first."""
        return self.carrier.shown(number)

    def answer(self, number: str, *, after: int = 0, seconds: float = WITHIN_SECONDS) -> str:
        """The next text that the phone gets, when it had got so many before."""
        wait_for(lambda: len(self.texts(number)) > after, seconds=seconds)
        return self.texts(number)[after]

    def requests(self, username: str) -> list[Request]:
        """What one person has asked for, oldest first."""
        wanted = select(Request).join(Person).where(Person.username_key == username)
        with self._database.reading() as session:
            return list(session.scalars(wanted.order_by(Request.id)))

    def states(self, username: str) -> list[RequestState]:
        return [RequestState(request.state) for request in self.requests(username)]

    def outcomes(self, number: str) -> list[str]:
        """What became of each text from a phone, oldest first: the carrier may swap them."""
        index = Seal([SecretStr(self.secret_key)]).index(number)
        wanted = select(InboundMessage.outcome).where(InboundMessage.number_index == index)
        with self._database.reading() as session:
            return list(session.scalars(wanted.order_by(InboundMessage.id)))

    def is_quiet(self) -> bool:
        """Nothing waits any more: every answer has been delivered and its copy emptied."""
        unfinished = (
            OutboundMessage.state.in_((OutboundState.WAITING, OutboundState.ACCEPTED))
        ) | (OutboundMessage.redacted_at.is_(None))
        with self._database.reading() as session:
            return session.scalar(select(OutboundMessage.id).where(unfinished).limit(1)) is None

    def reconnect(self) -> None:
        """Our own look into the database; its server was restarted."""
        self._database.close()

    def sending(self, number: str) -> bool:
        """Whether a worker is just now handing a text for this phone to the carrier."""
        seal = Seal([SecretStr(self.secret_key)])
        begun = (
            select(OutboundMessage.id)
            .join(Phone)
            .where(Phone.number_index == seal.index(number), OutboundMessage.attempt > 0)
        )
        with self._database.reading() as session:
            return session.scalar(begun) is not None

    def written(self) -> list[Path]:
        """Every file that the installation has written, but for what the operator typed."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return [path for path in files if path.name != "people.csv"]

    def dump(self) -> bytes:
        """All rows of all tables as text: on PostgreSQL there is no file to look into."""
        with self._database.reading() as session:
            rows = [session.execute(select(table)).all() for table in Base.metadata.sorted_tables]
        return repr(rows).encode()

    @cached_property
    def _database(self) -> Database:
        return Database(self.database_url)

    def logs(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))

    def _process(self, name: str, *arguments: str) -> Process:
        return Process(name, arguments, self.environment, self.folder / f"{name}.log")


def _address(username: str) -> str:
    return f"{username}@people.example.com"


@contextmanager
def installed(
    folder: Path, database_url: str, directory: DirectorySettings, *, smtp_url: str = ""
) -> Iterator[Installation]:
    """An installation that is not set up or started yet, and is ended in any case."""
    with ExitStack() as stack:
        redis = stack.enter_context(running())
        port = free_port()
        account = Account(
            ACCOUNT_SID,
            AUTH_TOKEN,
            numbers=(Number(OUR_NUMBER, sms_url=f"http://127.0.0.1:{port}/twilio/sms"),),
        )
        carrier = RememberingCarrier(
            account, timetable=LiveTimetable(), pace=Pace(0.01, 0.02, 0.03, 0.05)
        )
        stack.callback(carrier.close)
        app = Flask("twilio")
        app.register_blueprint(blueprint(carrier))
        twilio_url = stack.enter_context(serving(app))
        installation = Installation(
            folder,
            database_url,
            redis,
            carrier,
            twilio_url,
            directory,
            public_port=port,
            smtp_url=smtp_url,
        )
        stack.callback(installation.stop)
        yield installation


def directory_settings(
    urls: Sequence[str], base_dn: str, bind_dn: str, bind_password: str, ca_pem: str
) -> DirectorySettings:
    return DirectorySettings(
        urls=tuple(urls),
        base_dn=base_dn,
        bind_dn=bind_dn,
        bind_password=SecretStr(bind_password),
        ca_pem=ca_pem,
    )
