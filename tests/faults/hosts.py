"""An installation on several hosts: each runs supervised workers and a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.installation import Installation, Process, installed
from tests.offices import SimulatedOffice, simulated_office

from .crowd import Crowd, numbers


@dataclass
class Host:
    """What runs on one machine beside the web process."""

    worker: Process
    clock: Process

    @property
    def processes(self) -> list[Process]:
        return [self.worker, self.clock]


@dataclass
class Hosts:
    """One web process and several hosts, with one database, one Redis and one office."""

    installation: Installation
    office: SimulatedOffice
    crowd: Crowd
    web: Process
    hosts: list[Host]

    @property
    def processes(self) -> list[Process]:
        return self.installation.processes

    def pids(self) -> list[int | None]:
        """Of the processes that an operator has started and that still run."""
        return [
            process.running.pid if process.running and process.running.poll() is None else None
            for process in self.processes
        ]


@contextmanager
def running_on(
    host_names: Sequence[str],
    folder: Path,
    database_url: str,
    usernames: Sequence[str],
    *,
    start: bool = True,
    **settings: str,
) -> Iterator[Hosts]:
    """Set up, started and in the end told to stop. `settings` change the environment of all."""
    with simulated_office() as office:
        for username in usernames:
            office.employ(username)
        with installed(folder, database_url, office.settings) as installation:
            web = process(
                installation, "web", "web", "--port", str(installation.public_port), **settings
            )
            hosts = [host(installation, name, **settings) for name in host_names]
            installation.processes = [web, *(each for one in hosts for each in one.processes)]
            installation.set_up(numbers(usernames))
            crowd = Crowd(installation, office, list(usernames))
            try:
                if start:
                    installation.start()
                yield Hosts(installation, office, crowd, web, hosts)
            finally:
                for each in reversed(installation.processes):
                    each.stop()


def host(installation: Installation, name: str, **settings: str) -> Host:
    return Host(
        process(installation, f"worker-{name}", "worker", "--processes", "1", **settings),
        process(installation, f"clock-{name}", "clock", **settings),
    )


def process(installation: Installation, name: str, *arguments: str, **settings: str) -> Process:
    environment = {**installation.environment, **settings}
    return Process(name, arguments, environment, installation.folder / f"{name}.log")


def said(process: Process, event: str) -> int:
    """How often a process has logged an event."""
    log = process.log.read_text(errors="replace") if process.log.exists() else ""
    return log.count(f'"{event}"')
