"""The order of things: each installation is set up once, measured in every way, and ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from benchmarks import accepts, databases, empty_view, footprint, rounds
from benchmarks.accepts import Accepts
from benchmarks.directories import Staffed, on_samba, simulated, why_no_samba
from benchmarks.figures import Figure
from benchmarks.footprint import Footprint
from benchmarks.installation import Measured, installed
from benchmarks.people import Person, invent
from benchmarks.phones import Phones, phones
from benchmarks.progress import say
from benchmarks.rounds import Stage
from benchmarks.sizes import Sizes
from tests import postgresql_server
from tests.databases import fresh_postgresql


@dataclass
class Report:
    """The figures, in the order in which they are read."""

    accepts: list[Figure] = field(default_factory=list)
    resets: list[Figure] = field(default_factory=list)
    processes: list[Figure] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def figures(self) -> list[Figure]:
        return [*self.accepts, *self.resets, *self.processes]

    def leave_out(self, what: str, reason: str) -> None:
        self.left_out.append(f"{what} ({reason})")


def everything(folder: Path, sizes: Sizes) -> Report:
    invented = invent(sizes.staff + sizes.others)
    staff, others = invented[: sizes.staff], invented[sizes.staff :]
    with ExitStack() as stack:
        people = (stack.enter_context(phones()), staff, others)
        bench = Bench(folder, sizes, *people)
        bench.measure(stack.enter_context(simulated(staff)))
    return bench.report


@dataclass
class Bench:
    """What all measurements share."""

    folder: Path
    sizes: Sizes
    phones: Phones
    staff: list[Person]
    others: list[Person]
    """They have no account in the directory: when they text, no worker is there to go on."""
    report: Report = field(default_factory=Report)

    def measure(self, simulator: Staffed) -> None:
        empty = self._empty_view()
        self._on_sqlite(simulator, *empty)
        if not self.sizes.every_part:
            return
        if reason := postgresql_server.missing():
            self.report.leave_out("PostgreSQL and Samba", reason)
            return
        with databases.durable_postgresql() as server:
            self._on_postgresql(server, simulator, empty[0])
            self._on_samba(server)

    def _empty_view(self) -> tuple[Accepts, Footprint]:
        say("accepting: an empty Flask view under the same gunicorn")
        with empty_view.serving(self._room()) as (process, port, seconds):
            url = f"http://127.0.0.1:{port}"
            measured = accepts.measure(self.phones, url, self.others, self.sizes)
            return measured, footprint.measure(process, seconds)

    def _on_sqlite(self, simulator: Staffed, empty: Accepts, beside: Footprint) -> None:
        room = self._room()
        with self._running(databases.sqlite(room), room, simulator, self.others) as installation:
            self._resets(installation, simulator, "SQLite")
            self.report.processes += footprint.figures(installation, beside)
            self._accepts(installation, "SQLite", empty)

    def _on_postgresql(self, server: str, simulator: Staffed, empty: Accepts) -> None:
        with (
            fresh_postgresql(server, migrate=False) as url,
            self._running(url, self._room(), simulator, self.others) as installation,
        ):
            self._resets(installation, simulator, "PostgreSQL")
            self._accepts(installation, "PostgreSQL", empty)

    def _on_samba(self, server: str) -> None:
        if reason := why_no_samba():
            self.report.leave_out("Samba", reason)
            return
        say("starting Samba and hiring people")
        with (
            on_samba(self.staff[: self.sizes.staff_of_samba]) as samba,
            fresh_postgresql(server, migrate=False) as url,
            self._running(url, self._room(), samba, []) as installation,
        ):
            self._resets(installation, samba, "PostgreSQL")

    def _resets(self, installation: Measured, directory: Staffed, where: str) -> None:
        where = f"{directory.name} and {where}"
        measured = Stage(self.phones, installation, directory, where).measure()
        self.report.resets += rounds.figures(where, measured)

    def _accepts(self, installation: Measured, where: str, empty: Accepts) -> None:
        say(f"accepting: {where}")
        installation.stop_all_but_web()
        measured = accepts.measure(self.phones, installation.url, self.others, self.sizes)
        self.report.accepts += accepts.figures(where, measured, empty, self.sizes)

    @contextmanager
    def _running(
        self, url: str, room: Path, directory: Staffed, others: list[Person]
    ) -> Iterator[Measured]:
        """Its web process and clock run; its workers start when they are needed."""
        with installed(room, url, directory, self.phones.twilio_url) as installation:
            people = [*directory.people, *others]
            say(f"setting up an installation with {len(people)} people")
            installation.enrol(people)
            installation.start_web()
            installation.start_clock()
            yield installation

    def _room(self) -> Path:
        return Path(mkdtemp(dir=self.folder))
