"""A terminal in which an operator types, on a SQLite file of its own."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog
from click.testing import CliRunner, Result
from pydantic import SecretStr
from sqlalchemy import select, text

from gateway.cli import resetline
from gateway.records import Base
from gateway.records.database import Database
from gateway.records.opt_outs import opt_in, opt_out
from gateway.seal import Seal, new_key
from gateway.settings import Settings
from tests.redis_server import redis_server

__all__ = ["redis_server"]

Record = TypeVar("Record", bound=Base)

PEOPLE = """\
username,email,phone,display_name,language,self_serve
mia.keller,mia@northwind.example,+1 415 555 0111,Mia Keller,en,yes
sam.ortiz,sam@northwind.example,(415) 555-0112,Sam Ortiz,,no
"""


class Terminal:
    """Types commands and looks at what they print, how they end and what they left behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database_url = f"sqlite:///{folder}/var/resetline.db"
        self.environment: dict[str, str] = {
            "DATABASE_URL": self.database_url,
            "SECRET_KEYS": new_key(),
        }

    def enter(self, *words: str, stdin: str | bytes | None = None) -> Result:
        """`resetline …`, within this process."""
        runner = CliRunner(env={**_without_settings(), **self.environment})
        return runner.invoke(resetline, words, input=stdin, prog_name="resetline")

    def run(self, *words: str, stdin: str | bytes | None = None) -> str:
        """The same where it must succeed; returns what it printed."""
        result = self.enter(*words, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, *words: str, stdin: str | bytes | None = None, status: int = 1) -> str:
        """The same where it must fail: returns its last line, which is all there is to say."""
        result = self.enter(*words, stdin=stdin)
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.stderr
        last: str = result.stderr.splitlines()[-1]
        return last

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words))

    def imported(self, text: str, *options: str) -> str:
        """Import people into northwind; returns the line with the counts."""
        shown = self.run("people", "import", "northwind", "-", *options, stdin=text)
        return shown.splitlines()[0]

    def people(self) -> dict[str, dict[str, Any]]:
        """Those of northwind, as they are listed."""
        listed = self.json("people", "list", "northwind", "--json")
        return {person["username"]: person for person in listed}

    def phone_of(self, username: str) -> dict[str, Any]:
        """Of somebody who has exactly one."""
        phones: list[dict[str, Any]] = self.people()[username]["phones"]
        assert len(phones) == 1
        return phones[0]

    def start(self, *words: str, **options: Any) -> subprocess.Popen[bytes]:
        """The real command, in a process and a folder of its own."""
        command = [str(Path(sys.executable).with_name("resetline")), *words]
        return subprocess.Popen(
            command, cwd=self.folder, env={**_bare_environment(), **self.environment}, **options
        )

    def file(self, name: str, content: str | bytes, mode: int = 0o600) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return str(path)

    def stored(self, model: type[Record]) -> list[Record]:
        database = Database(self.database_url)
        with database.transaction() as session:
            found = list(session.scalars(select(model)))
        database.close()
        return found

    def store(self, *records: Base) -> None:
        """What other parts of the product would have written."""
        database = Database(self.database_url)
        with database.transaction() as session:
            session.add_all(records)
        database.close()

    def opts(self, number: str, *, out: bool) -> None:
        """What a text with STOP or START from this number does."""
        keys = [SecretStr(key) for key in self.environment["SECRET_KEYS"].split(",")]
        seal, database = Seal(keys), Database(self.database_url)
        with database.transaction() as session:
            if out:
                sealed = seal.seal(SecretStr(number))
                opt_out(session, seal.indexes(number), sealed, datetime.now(UTC))
            else:
                opt_in(session, seal.indexes(number))
        database.close()

    def sql(self, statement: str) -> None:
        database = Database(self.database_url)
        with database.transaction() as session:
            session.execute(text(statement))
        database.close()

    def events(self) -> list[str]:
        """What was audited, oldest first."""
        return [json.loads(line)["event"] for line in self.run("audit", "export").splitlines()]

    def everything_stored(self) -> bytes:
        """The bytes of the database, its write-ahead log included."""
        return b"".join(file.read_bytes() for file in (self.folder / "var").iterdir())


def _without_settings() -> Mapping[str, str | None]:
    return {name.upper(): None for name in Settings.model_fields}


def _bare_environment() -> dict[str, str]:
    ours = _without_settings()
    return {name: value for name, value in os.environ.items() if name not in ours}


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Commands set up the logging of a whole process, which is not theirs here."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def bare(tmp_path: Path) -> Terminal:
    """A terminal on a machine where nothing has been done yet."""
    return Terminal(tmp_path)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `terminal` begins with, typed once for all tests."""
    terminal = Terminal(tmp_path_factory.mktemp("prepared"))
    terminal.run("db", "upgrade")
    terminal.run("tenant", "add", "Example MSP", "--slug", "msp")
    terminal.run("organization", "add", "northwind", "--tenant", "msp", "--name", "Northwind")
    return terminal.folder


@pytest.fixture
def terminal(bare: Terminal, prepared: Path) -> Terminal:
    """A terminal with a database, the tenant `msp` and its organization `northwind`."""
    shutil.copytree(prepared, bare.folder, dirs_exist_ok=True)
    return bare
