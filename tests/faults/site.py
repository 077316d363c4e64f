"""A whole installation to break, with a line that can be spoilt between each of its parts."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import requests
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from gateway.engine.doorbell import JobName, RqDoorbell
from gateway.records import Base, OutboundMessage, Person, Request
from gateway.records.database import Database
from simulator.twilio import signature
from simulator.twilio.journal import Kind
from tests.faults.line import Line, line_to
from tests.faults.postgresql import PostgresqlServer
from tests.installation import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    OUR_NUMBER,
    Installation,
    Process,
    installed,
)
from tests.mail_server import Mailbox, mail_server
from tests.offices import SimulatedOffice, simulated_office

STAFF: Mapping[str, str] = {
    f"person{area}.{n:03}": f"+1{area}555{n:04}" for area in (202, 212) for n in range(101, 200)
}
ALIVE = ("queued", "applying", "applied")


@dataclass
class Site:
    """What a row breaks. Lines are named for the process whose traffic they carry."""

    installation: Installation
    office: SimulatedOffice
    redis_lines: Mapping[str, Line]
    database_lines: Mapping[str, Line]
    carrier_line: Line
    database: Database
    postgresql: PostgresqlServer | None = None
    mailbox: Mailbox = field(default_factory=Mailbox)
    unused: list[str] = field(default_factory=lambda: list(STAFF))
    extra: list[Process] = field(default_factory=list)

    def mend(self) -> None:
        """Whatever was broken works again."""
        if self.postgresql and not self.postgresql.is_running():
            self.postgresql.start()
        self.office.server.faults.clear()
        self.installation.carrier.faults.clear()
        for line in self.lines:
            line.clear()
        for process in self.extra:
            process.kill()
        self.extra.clear()
        for process in self.installation.processes:
            process.signal(signal.SIGCONT)
        self.installation.revive()

    @property
    def lines(self) -> Sequence[Line]:
        return (*self.redis_lines.values(), *self.database_lines.values(), self.carrier_line)

    def another(self, process: Process, **environment: str) -> Process:
        """One more of a kind, with settings of its own. It ends when the site is mended."""
        name = f"{process.name}-{len(list(process.log.parent.glob('*.log')))}"
        log = process.log.with_name(f"{name}.log")
        twin = Process(name, process.arguments, {**process.environment, **environment}, log)
        self.extra.append(twin)
        return twin

    def post(
        self, path: str, form: Mapping[str, str], *, signed: str | None = None, at: str = ""
    ) -> int | None:
        """What Twilio would hear from a webhook; None when the connection died.

        What is signed is the public address, whichever web process listens.
        """
        url = self.installation.url + path
        proof = signature(AUTH_TOKEN, url, form) if signed is None else signed
        try:
            answer = requests.post(
                at + path if at else url,
                dict(form),
                headers={"X-Twilio-Signature": proof},
                timeout=15,
            )
        except requests.RequestException:
            return None
        return answer.status_code

    def webhook(self, sid: str, number: str, body: str) -> dict[str, str]:
        """The form that Twilio posts for a text."""
        return {
            "MessageSid": sid,
            "AccountSid": ACCOUNT_SID,
            "From": number,
            "To": OUR_NUMBER,
            "Body": body,
        }

    def answered_webhooks(self, number: str) -> list[str]:
        """The sids of all texts from a phone for which Twilio got a good answer."""
        events = self.installation.carrier.events
        return [e.sid for e in events if e.kind is Kind.WEBHOOK and e.phone == number]

    def rows(self, session: Session, usernames: Sequence[str]) -> list[Request | OutboundMessage]:
        """Everything that these people wait for: their requests and their answers."""
        asked = select(Request).join(Person).where(Person.username_key.in_(usernames))
        wanted = list(session.scalars(asked))
        phones = {request.phone_id for request in wanted}
        told = select(OutboundMessage).where(OutboundMessage.phone_id.in_(phones))
        return [*wanted, *session.scalars(told)]

    def hurry(self, usernames: Sequence[str]) -> Sequence[tuple[JobName, int]]:
        """What waits for its next turn is due now: what the clock would ring for.

        What somebody holds is left alone.
        """
        now, due = datetime.now(UTC), []
        with self.database.transaction() as session:
            for row in self.rows(session, usernames):
                if row.ring_at and (row.lease_until is None or row.lease_until <= now):
                    row.ring_at = min(row.ring_at, now)
                    due.append((_job_of(row), row.id))
                if isinstance(row, OutboundMessage) and row.seek_at:
                    row.seek_at = min(row.seek_at, now)
                    due.append((JobName.SEEK_STRAYS, row.id))
                if isinstance(row, OutboundMessage) and row.redact_at:
                    row.redact_at = min(row.redact_at, now)
                    if row.state != "accepted":
                        due.append((JobName.REDACT, row.id))
        return due

    def ring(self, due: Sequence[tuple[JobName, int]]) -> None:
        """As the clock would within five seconds, where Redis can be reached."""
        doorbell = RqDoorbell(self.installation.redis.url, time.monotonic)
        for job, row_id in due:
            doorbell.ring(job, row_id)
        doorbell.close()

    def age(self, usernames: Sequence[str], **earlier: float) -> None:
        """As if everything about these people had happened so much earlier."""
        by = timedelta(**earlier)
        with self.database.transaction() as session:
            for row in self.rows(session, usernames):
                for column in column_names(row):
                    value = getattr(row, column)
                    if isinstance(value, datetime):
                        setattr(row, column, value - by)

    def database_files(self) -> bytes:
        """SQLite's own and its logs, read by another process; none on PostgreSQL.

        Whoever closes such a file gives up every lock that this process has on it.
        """
        path = Path(self.database.engine.url.database or "")
        files = [str(each) for each in path.parent.glob(f"{path.name}*") if each.is_file()]
        read = subprocess.run(["cat", "/dev/null", *files], check=True, capture_output=True)
        return read.stdout

    def dump_of_redis(self) -> bytes:
        with self.installation.redis.client() as redis:
            return b"".join(bytes(redis.dump(key) or b"") for key in redis.scan_iter())


def _job_of(row: Request | OutboundMessage) -> JobName:
    return JobName.PERFORM if isinstance(row, Request) else JobName.DELIVER


def column_names(row: Base) -> list[str]:
    return [column.name for column in row.__table__.columns]


@contextmanager
def site_on(folder: Path, database_url: str, staff: Mapping[str, str] = STAFF) -> Iterator[Site]:
    """A site that is set up and running."""
    with ExitStack() as stack:
        office = stack.enter_context(simulated_office())
        for username in staff:
            office.employ(username)
        mailbox = stack.enter_context(mail_server())
        smtp_url = f"smtp://127.0.0.1:{mailbox.port}"
        installation = stack.enter_context(
            installed(folder, database_url, office.settings, smtp_url=smtp_url)
        )
        site = _with_lines(installation, office, stack)
        site.mailbox = mailbox
        site.unused = list(staff)
        installation.set_up(staff)
        installation.start()
        yield site


def _with_lines(installation: Installation, office: SimulatedOffice, stack: ExitStack) -> Site:
    twilio = urlsplit(installation.twilio_url)
    carrier_line = stack.enter_context(line_to((twilio.hostname or "", twilio.port or 0)))
    redis_lines: dict[str, Line] = {}
    database_lines: dict[str, Line] = {}
    for process in installation.processes:
        redis = stack.enter_context(line_to(str(installation.redis.socket)))
        redis_lines[process.name] = redis
        process.environment = {
            **process.environment,
            "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "TWILIO_API_URL": f"http://127.0.0.1:{carrier_line.port}",
        }
        if socket := _socket_of(installation.database_url):
            line = stack.enter_context(line_to(socket))
            database_lines[process.name] = line
            through = _through(line, installation.database_url)
            process.environment = {**process.environment, "DATABASE_URL": through}
    database = Database(installation.database_url)
    stack.callback(database.close)
    return Site(installation, office, redis_lines, database_lines, carrier_line, database)


def _socket_of(database_url: str) -> str | None:
    """PostgreSQL's own; SQLite is a file and has no line."""
    folder = make_url(database_url).query.get("host")
    return f"{folder}/.s.PGSQL.5432" if folder else None


def _through(line: Line, database_url: str) -> str:
    url = make_url(database_url).set(host="127.0.0.1", port=line.port, query={})
    return url.render_as_string(hide_password=False)
