"""How the command behaves whatever it is asked: help, errors, statuses."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from gateway import cli
from gateway.cli import resetline
from gateway.records import AuditEvent
from tests.gateway.cli.conftest import Terminal


def test_help_gives_one_line_for_each_command(bare: Terminal) -> None:
    shown = bare.run("--help")
    lines = shown.split("Commands:\n")[1].split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in lines] == list(cli.MODULES)
    assert all(len(line) <= 100 for line in lines)


@pytest.mark.parametrize("name", cli.MODULES)
def test_every_command_says_what_it_is_for(bare: Terminal, name: str) -> None:
    command = resetline.get_command(click.Context(resetline), name)
    assert command
    assert command.help
    for each in command.commands.values() if isinstance(command, click.Group) else [command]:
        assert each.get_short_help_str(200).endswith(".")
    assert cli.MODULES[name][1].rstrip(".") in bare.run(name, "--help")


def test_without_a_command_it_shows_its_help(bare: Terminal) -> None:
    result = bare.enter()
    assert result.exit_code == 2
    assert "Text RESET" in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tenan"], "there is no command 'tenan': did you mean tenant? (see `resetline --help`)"),
        (["xyz"], "there is no command 'xyz'; there are audit, clock, db,"),
        (["tenant", "ad"], "Did you mean 'add'? (see `resetline tenant --help`)"),
        (["tenant", "add"], "Missing argument 'NAME' (see `resetline tenant add --help`)"),
        (["tenant", "add", "x", "--slog", "y"], "No such option '--slog'"),
        (["web", "--port", "99999"], "'--port'"),
        (["--verbose"], "No such option '--verbose'"),
    ],
)
def test_wrong_usage_is_status_2_and_one_sentence(
    bare: Terminal, words: list[str], said: str
) -> None:
    result = bare.enter(*words)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr
    assert result.stderr.startswith("resetline: ")
    assert result.stdout == ""


def test_an_unforeseen_error_is_a_sentence_and_its_traceback_is_for_those_who_ask(
    bare: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("secret of a stranger")

    monkeypatch.setattr("gateway.cli.keys.new_key", break_down)
    said = bare.refused("keys", "new")
    assert "ZeroDivisionError" in said
    assert "--debug" in said
    assert "secret of a stranger" not in said
    assert isinstance(bare.enter("--debug", "keys", "new").exception, ZeroDivisionError)
    bare.environment["LOG_LEVEL"] = "DEBUG"
    assert isinstance(bare.enter("keys", "new").exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "words",
    [
        ["tenant", "list"],
        ["organization", "list"],
        ["people", "list", "northwind"],
        ["audit", "export"],
        ["directory", "show", "northwind"],
    ],
)
def test_a_database_that_is_not_migrated_is_said_with_what_to_do(
    bare: Terminal, words: list[str]
) -> None:
    assert "run `resetline db upgrade`" in bare.refused(*words)


def test_a_database_that_cannot_be_reached_is_said_without_its_password(bare: Terminal) -> None:
    bare.environment["DATABASE_URL"] = "postgresql://joe:hunter2@127.0.0.1:1/resetline"
    said = bare.refused("tenant", "list")
    assert "is DATABASE_URL right" in said
    assert "hunter2" not in said


def test_a_database_url_that_is_none_is_said(bare: Terminal) -> None:
    bare.environment["DATABASE_URL"] = "mysql://localhost/x"
    assert "DATABASE_URL: it must begin with sqlite:/// or" in bare.refused("db", "upgrade")


def test_a_folder_that_cannot_be_made_is_said(bare: Terminal) -> None:
    bare.file("var", "a file where a folder should be")
    assert "folder for the database cannot be made" in bare.refused("db", "upgrade")


def test_only_what_a_command_needs_is_demanded(bare: Terminal) -> None:
    del bare.environment["SECRET_KEYS"]
    bare.run("db", "upgrade")
    bare.run("tenant", "add", "MSP")
    bare.run("organization", "add", "acme", "--tenant", "msp", "--name", "Acme")
    assert "missing: SECRET_KEYS" in bare.refused("people", "list", "acme")
    said = bare.refused("clock")
    assert "SECRET_KEYS, PUBLIC_URL, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN" in said


def test_the_installed_command_works_from_any_folder(bare: Terminal) -> None:
    upgraded = bare.start("db", "upgrade", stdout=subprocess.PIPE)
    out, _ = upgraded.communicate(timeout=60)
    assert upgraded.returncode == 0
    assert out.decode().startswith("Created the tables")
    assert (bare.folder / "var" / "resetline.db").exists()


def test_python_m_is_the_same_command(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shown.stdout.startswith("resetline ")


def test_a_reader_that_leaves_early_is_no_error(terminal: Terminal) -> None:
    now = datetime.now(UTC)
    events = [AuditEvent(at=now, event="x", mode="cli", reason="y" * 60) for _ in range(2000)]
    terminal.store(*events)
    listing = terminal.start("audit", "export", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert listing.stdout
    assert listing.stderr
    listing.stdout.read(1)
    listing.stdout.close()
    assert listing.stderr.read() == b""
    listing.stderr.close()
    listing.wait(timeout=60)


def test_a_name_that_the_terminal_cannot_write_is_shown_in_escapes(terminal: Terminal) -> None:
    terminal.run("tenant", "add", "Łódź", "--slug", "lodz")
    terminal.environment["PYTHONIOENCODING"] = "latin-1"
    listing = terminal.start("tenant", "list", stdout=subprocess.PIPE)
    out, _ = listing.communicate(timeout=60)
    assert listing.returncode == 0
    assert b"\\u0141\xf3d\\u017a" in out


@pytest.mark.parametrize("words", [["keys", "new"], ["--version"], ["tenant", "--help"]])
def test_what_is_heavy_is_not_loaded_before_it_is_needed(words: list[str]) -> None:
    script = (
        "import sys\nfrom gateway.cli import resetline\n"
        f"resetline({words!r}, standalone_mode=False)\n"
        "heavy = {'twilio', 'gunicorn', 'rq', 'ldap3', 'flask'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=60)
