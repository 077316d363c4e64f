"""`python -m simulator` as a process: what it needs, what it leaves for others, how it ends."""

from __future__ import annotations

import json
import os
import smtplib
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]
KEYS = {"TWILIO_ACCOUNT_SID": "AC" + "a" * 32, "TWILIO_AUTH_TOKEN": "token"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *arguments]


def surroundings(**settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")}
    return {**kept, **settings}


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=surroundings(**settings),
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_it_serves_says_where_and_ends_cleanly(tmp_path: Path) -> None:
    state_file = tmp_path / "directory.json"
    arguments = ("--port", "0", "--with-directory", "--directory-state-out", str(state_file))
    with subprocess.Popen(
        command(*arguments), cwd=ROOT, env=surroundings(**KEYS), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            with urlopen(f"{url}simulator/ready", timeout=5) as answer:
                assert answer.read() == b"ready\n"
            with urlopen(url, timeout=5) as answer:
                assert b"Mia Keller" in answer.read()
        finally:
            process.terminate()
        assert process.wait(timeout=10) == 0
    check_state(state_file)


def test_mail_that_it_takes_lies_beside_the_phone(tmp_path: Path) -> None:
    people = tmp_path / "people.json"
    people.write_text('[{"username": "mia", "phone": "+12025550143", "email": "mia@a.example"}]')
    arguments = ("--port", "0", "--smtp-port", "0", "--people", str(people))
    with subprocess.Popen(
        command(*arguments), cwd=ROOT, env=surroundings(**KEYS), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url, mail_url = (process.stdout.readline().split()[-1] for _ in range(2))
            with smtplib.SMTP("127.0.0.1", urlsplit(mail_url).port or 0, "localhost") as smtp:
                smtp.sendmail("a@b.example", "mia@a.example", "Subject: Set up your phone\n\nHi")
            with urlopen(url, timeout=5) as answer:
                assert b"Set up your phone" in answer.read()
        finally:
            process.terminate()
        assert process.wait(timeout=10) == 0


def check_state(state_file: Path) -> None:
    """Whoever configures the gateway finds everything, and nobody else can read the password."""
    state = json.loads(state_file.read_text())
    assert state["url"].startswith("ldaps://")
    assert "BEGIN CERTIFICATE" in Path(state["ca_file"]).read_text()
    password_file = Path(state["bind_password_file"])
    assert password_file.read_text()
    assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
    assert state["bind_dn"].endswith(state["base_dn"])


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (["--with-directory"], {}, "TWILIO_ACCOUNT_SID"),
        ([], KEYS, "--with-directory"),
        (["--directory-url", "ldaps://dc1"], KEYS, "--directory-ca-file"),
        (["--people", "missing.json"], KEYS, "missing.json"),
    ],
)
def test_what_it_lacks_it_names(arguments: list[str], settings: dict[str, str], said: str) -> None:
    done = run(*arguments, **settings)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_it_cannot_have_is_one_plain_sentence(tmp_path: Path) -> None:
    people = tmp_path / "people.json"
    people.write_text('[{"username": "mia", "phone": "+12025550143"}]')
    done = run("--people", str(people), "--host", "192.0.2.1", **KEYS)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
