"""What all parts of the measurement share: the phones, the people, and installations to measure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from benchmarks import databases, directories
from benchmarks.directories import Staffed
from benchmarks.installation import Measured, installed
from benchmarks.people import Person, invent
from benchmarks.phones import Phones
from benchmarks.progress import say
from benchmarks.sizes import Sizes
from tests import postgresql_server
from tests.databases import fresh_postgresql

SQLITE: Final = "SQLite"
POSTGRESQL: Final = "PostgreSQL"


@dataclass
class Bench:
    """What ends with the bench is put on its stack."""

    folder: Path
    sizes: Sizes
    phones: Phones
    stack: ExitStack
    left_out: dict[str, str] = field(default_factory=dict)
    """What was not measured, and why."""

    @cached_property
    def staff(self) -> list[Person]:
        return invent(self.sizes.staff)

    @cached_property
    def others(self) -> list[Person]:
        """They have no account in the directory: when they text, no worker is there to go on."""
        return invent(self.sizes.staff + self.sizes.others)[self.sizes.staff :]

    def simulated(self) -> AbstractContextManager[Staffed]:
        return directories.simulated(self.staff)

    def listed(self) -> AbstractContextManager[Staffed]:
        """As many as are to be synchronized."""
        return directories.simulated(invent(self.sizes.listed))

    def databases(self) -> list[str]:
        """Those to measure on."""
        return [SQLITE, POSTGRESQL] if self.sizes.every_database and self.postgresql else [SQLITE]

    @cached_property
    def postgresql(self) -> str | None:
        """The URL of the one server, started when it is first wanted; None where there is none."""
        if reason := postgresql_server.missing():
            self.left_out["PostgreSQL"] = reason
            return None
        return self.stack.enter_context(databases.durable_postgresql())

    @contextmanager
    def running(
        self, database: str, directory: Staffed, others: list[Person]
    ) -> Iterator[Measured]:
        """Its web process runs; its clock and workers start when they are needed."""
        with self.set_up(database, directory, [*directory.people, *others]) as installation:
            installation.start_web()
            yield installation

    @contextmanager
    def set_up(self, database: str, directory: Staffed, people: list[Person]) -> Iterator[Measured]:
        """Nothing of it runs yet but its Redis."""
        with ExitStack() as stack:
            room = self.room()
            url = self._fresh(database, room, stack)
            twilio = self.phones.twilio_url
            installation = stack.enter_context(installed(room, url, directory, twilio))
            say(f"setting up an installation on {database} with {len(people)} people")
            installation.enrol(people)
            yield installation

    def room(self) -> Path:
        return Path(mkdtemp(dir=self.folder))

    def _fresh(self, database: str, room: Path, stack: ExitStack) -> str:
        if database == SQLITE or self.postgresql is None:
            return databases.sqlite(room)
        return stack.enter_context(fresh_postgresql(self.postgresql, migrate=False))
