"""The one running Samba of this machine: its turn, its files, its process group."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

from tests.samba import recipe

SECONDS_TO_WAIT_FOR_ANOTHER_SESSION = 600
SECONDS_TO_START = 60
SECONDS_TO_STOP = 5

ROOM = Path(tempfile.gettempdir()) / f"resetline-samba-{os.getuid()}"


def why_not() -> str | None:
    """What this machine lacks, or None: Samba's ports and its files need root."""
    if os.getuid() != 0 or not shutil.which("samba") or not shutil.which("samba-tool"):
        return "needs root and samba-ad-dc"
    return None


class SambaProcess:
    """A domain controller on loopback. Only one can run, because its ports are fixed."""

    def __init__(self) -> None:
        self.home = ROOM / "domain"
        self.ca_pem = ""
        self._pid_file = ROOM / "samba.pid"
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make or copy the domain, run it, and return when it answers."""
        self._take_turn()
        self._end_what_a_crash_left()
        if _listening():
            message = "port 636 is taken by something that is not ours"
            raise RuntimeError(message)
        self._lay_out()
        self._run()

    def stop(self) -> None:
        """End the whole process group, and give the next session its turn."""
        if self._process:
            _end_group(self._process.pid)
            self._process.wait(SECONDS_TO_STOP)
            self._pid_file.unlink(missing_ok=True)
        if self._lock:
            self._lock.close()

    def _take_turn(self) -> None:
        ROOM.mkdir(mode=0o700, exist_ok=True)
        self._lock = (ROOM / "lock").open("w")
        last = time.monotonic() + SECONDS_TO_WAIT_FOR_ANOTHER_SESSION
        while not _locked(self._lock):
            if time.monotonic() > last:
                message = "another test session has kept Samba for too long"
                raise RuntimeError(message)
            time.sleep(0.2)

    def _end_what_a_crash_left(self) -> None:
        if not self._pid_file.exists():
            return
        pid = int(self._pid_file.read_text() or 0)
        if pid and _folder_of(pid).startswith(str(self.home)):
            _end_group(pid)
        self._pid_file.unlink()

    def _lay_out(self) -> None:
        """Samba's files name their own path, so the domain is always copied to the same place."""
        pristine = ROOM / f"pristine-{recipe.fingerprint()}"
        shutil.rmtree(self.home, ignore_errors=True)
        if not pristine.exists():
            for old in ROOM.glob("pristine-*"):
                shutil.rmtree(old)
            recipe.provision(self.home)
            self.home.rename(pristine)
        subprocess.run(["cp", "-a", str(pristine), str(self.home)], check=True)
        self.ca_pem = (self.home / "ca.pem").read_text()

    def _run(self) -> None:
        command = [
            *("samba", "-F", "--no-process-group", "-M", "single"),
            *("-s", str(recipe.configuration(self.home))),
            "--option=server services=ldap,kdc,cldap",
        ]
        with (self.home / "output").open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._pid_file.write_text(str(self._process.pid))
        last = time.monotonic() + SECONDS_TO_START
        while not _listening():
            if self._process.poll() is not None or time.monotonic() > last:
                raise RuntimeError("Samba did not start: " + (self.home / "output").read_text())
            time.sleep(0.05)


def _listening() -> bool:
    try:
        with socket.create_connection(("127.0.0.1", 636), timeout=1):
            return True
    except OSError:
        return False


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _folder_of(pid: int) -> str:
    """Where a process runs; Samba overwrites its command line, but this it leaves alone."""
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""


def _end_group(pid: int) -> None:
    """Ask the process group to end, and make it if it will not."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, how)
        except ProcessLookupError:
            return
        last = time.monotonic() + SECONDS_TO_STOP
        while _alive(pid) and time.monotonic() < last:
            time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False
