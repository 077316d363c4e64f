"""The directories that are written to: the simulator in a process of its own, and Samba."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.apart import apart
from benchmarks.people import Person
from directory.accounts import DirectorySettings
from simulator.active_directory import ActiveDirectoryServer, sample_domain
from tests.installation import directory_settings
from tests.samba import running_samba, why_not
from tests.samba.process import ROOM


@dataclass(frozen=True, slots=True)
class Staffed:
    """A directory with people in it."""

    name: str
    settings: DirectorySettings
    people: Sequence[Person]
    pid: int

    def dn(self, person: Person) -> str:
        return f"CN={person.username},{self.settings.base_dn}"


@contextmanager
def simulated(people: Sequence[Person]) -> Iterator[Staffed]:
    with apart(_simulate, people) as part:
        yield Staffed("simulated AD", part.pipe.recv(), people, part.pid)


def _simulate(pipe: Connection, people: Sequence[Person]) -> None:
    sample = sample_domain()
    for person in people:
        sample.domain.add_user(
            person.username,
            password="Old-Password-1!",
            ou=sample.staff_dn,
            mail=f"{person.username}@northwind.example",
            mobile=person.number,
        )
    with ActiveDirectoryServer(sample.domain) as server:
        account = (sample.staff_dn, sample.service_dn, sample.service_password)
        pipe.send(directory_settings([server.url], *account, server.ca_pem))
        with suppress(EOFError):
            pipe.recv()


def why_no_samba() -> str | None:
    """Why Samba cannot be measured now, or None. Only one can run on a machine."""
    return why_not() or (_taken() and "another test session is using it") or None


def _taken() -> bool:
    lock = ROOM / "lock"
    if not lock.exists():
        return False
    with lock.open("w") as trial:
        try:
            fcntl.flock(trial, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def on_samba(people: Sequence[Person]) -> Iterator[Staffed]:
    with running_samba() as samba:
        for person in people:
            samba.add_user(person.username)
        pid = int((ROOM / "samba.pid").read_text())
        yield Staffed("Samba", samba.settings(), people, pid)
