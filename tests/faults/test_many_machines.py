"""Several hosts at once: they take turns, are killed, freeze, differ in time and are upgraded."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.engine.doorbell import JobName, QueueName, RqDoorbell
from gateway.records import schema
from gateway.records.database import Database
from simulator.active_directory import Kind
from tests import previous_release
from tests.databases import fresh_postgresql, postgresql
from tests.installation import Process, wait_for

from .crowd import NO_ANSWER, people
from .hosts import Host, Hosts, host, process, running_on, said

__all__ = ["postgresql"]

TAKEN_OVER_WITHIN_SECONDS = 25.0
"""The rest of a clock's lease, and a look of the next one, on a slow machine."""

SKEW_MINUTES = 3


@pytest.fixture
def mended() -> None:
    """Nothing is shared with another test here, so nothing has to be mended."""


@pytest.fixture
def database_url(postgresql: str) -> Iterator[str]:
    with fresh_postgresql(postgresql) as url:
        yield url


def whose_turn(hosts: Hosts) -> list[Host]:
    """The hosts whose clock has taken over last."""
    return [one for one in hosts.hosts if holds_the_turn(one.clock)]


def holds_the_turn(clock: Process) -> bool:
    given_up = said(clock, "clock.overtaken") + said(clock, "clock.stopped")
    return said(clock, "clock.takes_over") > given_up


def test_the_clock_whose_turn_it_is_is_killed(database_url: str, tmp_path: Path) -> None:
    """The clock whose turn it is is killed while Redis is down: the other host's clock takes over
    within seconds, and the person gets one password once Redis is back."""
    with running_on(["a", "b"], tmp_path, database_url, people(2)) as hosts:
        wait_for(lambda: len(whose_turn(hosts)) == 1)
        [first] = whose_turn(hosts)
        [second] = [one for one in hosts.hosts if one is not first]
        hosts.installation.redis.stop()
        first.clock.kill()
        hosts.crowd.text("crowd00")
        wait_for(lambda: holds_the_turn(second.clock), seconds=TAKEN_OVER_WITHIN_SECONDS)
        hosts.crowd.text("crowd01")
        wait_for(lambda: said(second.clock, "sweep.does_it_itself") > 0)
        hosts.installation.redis.start()
        hosts.crowd.ends_well()


def test_the_clock_whose_turn_it_is_is_told_to_stop(database_url: str, tmp_path: Path) -> None:
    """The clock whose turn it is is stopped by its operator: the other host's clock goes on with
    its next look, and the person gets one password."""
    with running_on(["a", "b"], tmp_path, database_url, people(1)) as hosts:
        wait_for(lambda: len(whose_turn(hosts)) == 1)
        [first] = whose_turn(hosts)
        [second] = [one for one in hosts.hosts if one is not first]
        hosts.installation.redis.stop()
        assert first.clock.stop() == 0
        wait_for(lambda: holds_the_turn(second.clock), seconds=10)
        hosts.crowd.text("crowd00")
        wait_for(lambda: said(second.clock, "sweep.does_it_itself") > 0)
        hosts.installation.redis.start()
        hosts.crowd.ends_well()


def test_two_hosts_are_rung_for_one_request(database_url: str, tmp_path: Path) -> None:
    """While one host sets a password, the other is told of the same request ten times: it leaves
    it alone, and the person gets one password."""
    with running_on(["a", "b"], tmp_path, database_url, people(1)) as hosts:
        server = hosts.office.server
        wait_for(lambda: sum(said(one.worker, "worker.started") for one in hosts.hosts) == 4)
        server.faults.hang(Kind.MODIFY)
        hosts.crowd.text("crowd00")
        wait_for(lambda: server.count(Kind.MODIFY) == 1)
        [request] = hosts.installation.requests("crowd00")
        ring(hosts, request.id, times=10)
        wait_for(lambda: nobody_is_rung_for(hosts))
        assert server.count(Kind.MODIFY) == 1
        assert hosts.installation.requests("crowd00")[0].attempt == request.attempt == 1
        server.faults.clear()
        hosts.crowd.ends_well()


def ring(hosts: Hosts, request_id: int, *, times: int) -> None:
    doorbell = RqDoorbell(hosts.installation.redis.url, lambda: 0.0)
    for _ in range(times):
        assert doorbell.ring(JobName.PERFORM, request_id)
    doorbell.close()


def nobody_is_rung_for(hosts: Hosts) -> bool:
    """Every ring has been heard by somebody."""
    with hosts.installation.redis.client() as redis:
        return not redis.exists(f"rq:queue:{QueueName.INTERACTIVE}")


def test_a_host_freezes_with_a_request_in_hand_and_wakes_up(
    database_url: str, tmp_path: Path
) -> None:
    """A host freezes while it sets a password, and wakes up when another host has long done it:
    the person was told one password, and it is the one that counts."""
    with running_on(["b"], tmp_path, database_url, people(1), start=False) as hosts:
        frozen = process(hosts.installation, "worker-a", "worker", "--queue", "interactive")
        hosts.installation.processes.append(frozen)
        other = hosts.hosts[0].worker
        hosts.installation.start()
        assert other.stop() == 0
        hosts.office.server.faults.hang(Kind.MODIFY)
        hosts.crowd.text("crowd00")
        wait_for(lambda: hosts.office.server.count(Kind.MODIFY) > 0)
        frozen.signal(signal.SIGSTOP)
        hosts.office.server.faults.clear()
        other.start()
        hosts.crowd.ends_well()
        frozen.signal(signal.SIGCONT)
        wait_for(lambda: said(frozen, "request.overtaken"))
        hosts.crowd.ends_well()


def test_the_clock_of_one_host_is_minutes_fast(database_url: str, tmp_path: Path) -> None:
    """One host's time is three minutes ahead of the others': each person gets one password, and
    only one clock sweeps."""
    with running_on(["a"], tmp_path, database_url, people(10), start=False) as hosts:
        fast = host(hosts.installation, "fast", PYTHONPATH=fast_time(tmp_path))
        hosts.hosts.append(fast)
        hosts.installation.processes += fast.processes
        hosts.installation.start()
        with hosts.crowd.texting(every_seconds=0.2):
            pass
        hosts.crowd.ends_well(most_texts=2)
        wait_for(lambda: len(whose_turn(hosts)) == 1)
        assert said(fast.worker, "request.settled") > 0
        assert sum(said(one.clock, "clock.takes_over") for one in hosts.hosts) == 1


def fast_time(folder: Path) -> str:
    """A PYTHONPATH with which a process takes the time to be later than it is."""
    (folder / "fast").mkdir()
    (folder / "fast" / "sitecustomize.py").write_text(
        "import datetime, time_machine\n"
        f"time_machine.travel(datetime.timedelta(minutes={SKEW_MINUTES})).start()\n"
    )
    return os.pathsep.join([str(folder / "fast"), os.environ.get("PYTHONPATH", "")])


def test_everything_is_restarted_twice_under_load(database_url: str, tmp_path: Path) -> None:
    """Every process on every host is restarted, twice, while texts come in: each person gets one
    password, in one text."""
    with running_on(["a", "b"], tmp_path, database_url, people(30)) as hosts:
        with hosts.crowd.texting(every_seconds=0.5):
            for so_many in (6, 16):
                hosts.crowd.wait_until(so_many)
                restart(hosts)
        hosts.crowd.ends_well(reports_may_be_lost=True)
        assert set(hosts.crowd.statuses) <= {200, NO_ANSWER}


def restart(hosts: Hosts) -> None:
    """As a deploy does it: all are told to stop at once, and started again when they have."""
    for each in hosts.processes:
        assert each.running
        each.running.terminate()
    for each in hosts.processes:
        assert each.stop() == 0
    hosts.installation.start()


def test_the_release_before_works_on_during_an_upgrade(postgresql: str, tmp_path: Path) -> None:
    """During an upgrade the release before runs on the new tables, alone and then beside the new
    one: each person gets one password, in one text."""
    code = previous_release.unpacked(tmp_path / "previous")
    if code is None:
        pytest.skip("the history of this clone does not reach back to the release before")
    with (
        fresh_postgresql(postgresql) as url,
        running_on(["old"], tmp_path, url, people(9), PYTHONPATH=str(code)) as hosts,
    ):
        assert is_newest(url)
        old, new = hosts.hosts[0], host(hosts.installation, "new")
        hosts.installation.processes += new.processes
        text(hosts, 0, 3)
        for each in new.processes:
            each.start()
        wait_for(lambda: said(new.worker, "worker.started") == 2)
        text(hosts, 3, 6)
        assert old.worker.stop() == 0
        text(hosts, 6, 9)
        hosts.crowd.ends_well()
        assert said(old.worker, "request.settled") >= 3
        assert said(new.worker, "request.settled") >= 3


def text(hosts: Hosts, first: int, end: int) -> None:
    """Some people text, and have their answers before anything else happens."""
    for username in hosts.crowd.usernames[first:end]:
        hosts.crowd.text(username)
        hosts.installation.answer(hosts.crowd.numbers[username])


def is_newest(url: str) -> bool:
    database = Database(url)
    with database.transaction() as session:
        newest = schema.is_current(session.connection())
    database.close()
    return newest
