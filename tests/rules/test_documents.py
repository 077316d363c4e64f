"""What the documents say is so: settings, links, commands, metrics, events and names of tests."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import click
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from redis import Redis
from redis.exceptions import NoPermissionError

from gateway import monitoring
from gateway.cli import resetline
from gateway.engine.doorbell import JobName, QueueName, RqDoorbell
from gateway.engine.worker import build
from gateway.limits import Allowed, Exceeded, Limit, RedisLimits
from gateway.records import schema
from gateway.records.audit import Event
from gateway.records.database import Database
from gateway.settings import Settings
from gateway.wiring import Gateway
from tests.redis_server import RedisServer, running
from tests.rules.test_house import ROOT, lines, settings, shown, tracked_files

OPERATING: Final = ROOT / "docs" / "operating.md"
DEPENDENCIES: Final = ROOT / "docs" / "decisions" / "0007-each-dependency-and-why.md"

SETTING_ROW: Final = re.compile(r"\| `([A-Z][A-Z_]+)` \| ([^|]+) \|")
SETTING_NAME: Final = re.compile(
    r"\b(?:DATABASE|LOG|MAIL|METRICS|PUBLIC|REDIS|SECRET|SMTP|TEMPLATES|TWILIO)_[A-Z_]+\b"
)
METRIC: Final = re.compile(r"\bresetline_[a-z_]+\b")
EVENT: Final = re.compile(r"`([a-z_]+(?::[a-z_]+){1,2})`")
LOG_LINE: Final = re.compile(
    r"`((?:clock|door|doorbell|job|mail|redis|reply|request|sweep|text|worker)\.[a-z_]+)`"
)
TEST_NAME: Final = re.compile(r"\b(tests/[\w/]+\.py)(?:::(\w+))?")
LINK: Final = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
HEADING: Final = re.compile(r"#+ (.+)")
COMMAND: Final = re.compile(r"(?:^|`|bin/)resetline (.+)")
TWO_SENTENCES: Final = re.compile(r"[a-z)`*]\. +[A-Z`*]\S*")
ACL: Final = re.compile(r"^user (\S+) on >\S+ (.+)$", re.MULTILINE)


class Said(NamedTuple):
    """Something that a document says, and where."""

    where: str
    what: str


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    documented = {name for name, _ in setting_rows()}
    assert documented == {name.upper() for name in Settings.model_fields}


def test_every_default_is_documented_as_it_is() -> None:
    fields = {name.upper(): field for name, field in Settings.model_fields.items()}
    wrong = {
        name: default
        for name, default in setting_rows()
        if name in fields and default != default_in_words(fields[name])
    }
    assert wrong == {}


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    known = {name.upper() for name in Settings.model_fields}
    assert [said for said in everywhere(SETTING_NAME) if said.what not in known] == []


def test_every_relative_link_leads_somewhere() -> None:
    broken = [
        Said(shown(document), target)
        for document in documents()
        for target in links(document)
        if not leads_somewhere(document, target)
    ]
    assert broken == []


def test_every_command_in_the_documents_exists_with_its_options() -> None:
    wrong = [
        Said(where, fault)
        for where, command in commands()
        if (fault := fault_of(shlex.split(command.partition(" | ")[0], comments=True)))
    ]
    assert wrong == []


def test_the_documents_do_name_commands() -> None:
    assert len(list(commands())) > 20


def test_every_metric_is_documented_and_every_documented_one_exists(tmp_path: Path) -> None:
    documented = {said.what for said in everywhere(METRIC)}
    assert documented == metrics(tmp_path)


def test_every_event_that_a_document_names_can_be_audited() -> None:
    assert [said for said in everywhere(EVENT) if said.what not in set(Event)] == []


def test_every_log_line_that_a_document_names_is_written_somewhere() -> None:
    source = "".join(path.read_text() for path in (ROOT / "gateway").rglob("*.py"))
    assert [each for each in everywhere(LOG_LINE) if f'"{each.what}"' not in source] == []


def test_every_test_that_a_document_names_exists() -> None:
    missing = [
        Said(shown(document), named[0])
        for document in documents()
        for named in TEST_NAME.finditer(document.read_text())
        if not there_is_a_test(named[1], named[2])
    ]
    assert missing == []


def test_markdown_has_one_sentence_to_a_line() -> None:
    """A change then shows as the sentence that was changed. Tables have no choice."""
    assert list(everywhere(TWO_SENTENCES, prose)) == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[\[<>=]", each)[0] for each in project["dependencies"]}
    rows = [line.split("|")[1] for line in lines(DEPENDENCIES) if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([\w-]+)`", row)} == needed


def test_every_queue_is_served_by_a_worker_of_the_command_line() -> None:
    [option] = [each for each in command_at(["worker"]).params if each.name == "queue"]
    assert isinstance(option.type, click.Choice)
    assert {str(each) for each in option.type.choices} == set(QueueName)


def test_the_rights_in_redis_that_are_documented_are_enough() -> None:
    ran: list[int] = []
    with running() as server, server.client() as redis:
        url = granted(redis, server)
        ring_and_work(url, ran)
        assert ran == [7]
        assert RedisLimits(url).take(Limit("trial", 1, 60), "key") == Allowed()
        assert isinstance(RedisLimits(url).take(Limit("trial", 1, 60), "key"), Exceeded)
        assert redis.execute_command("ACL", "LOG") == []


@pytest.mark.parametrize("forbidden", ["CONFIG GET dir", "FLUSHALL", "KEYS *", "GET x", "EVAL 1 0"])
def test_the_rights_in_redis_that_are_documented_are_not_all(forbidden: str) -> None:
    with running() as server, server.client() as redis:
        limited = Redis.from_url(granted(redis, server))
        with limited, pytest.raises(NoPermissionError):
            limited.execute_command(*forbidden.split())  # type: ignore[no-untyped-call]


def granted(redis: Redis, server: RedisServer) -> str:
    """The URL for a user with exactly what the document gives."""
    [(user, rules)] = ACL.findall(OPERATING.read_text())
    redis.execute_command("ACL", "SETUSER", user, "on", ">secret", *rules.split())  # type: ignore[no-untyped-call]
    return f"unix://{user}:secret@{server.socket}?db=0"


def ring_and_work(url: str, ran: list[int]) -> None:
    doorbell = RqDoorbell(url, lambda: 0.0)
    assert doorbell.ring(JobName.PERFORM, 7)
    doorbell.close()
    worker = build(url, QueueName.INTERACTIVE, dict.fromkeys(JobName, ran.append))
    worker.work(burst=True)
    worker.connection.close()


@cache
def documents() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md"]


def everywhere(pattern: re.Pattern[str], of: Callable[[Path], list[str]] = lines) -> Iterator[Said]:
    for document in documents():
        for number, line in enumerate(of(document), 1):
            for found in pattern.finditer(line):
                yield Said(f"{shown(document)}:{number}", found[found.lastindex or 0])


def prose(document: Path) -> list[str]:
    """The lines with those of code and tables left empty, so that numbers stay right."""
    kept, in_code = [], False
    for line in lines(document):
        fence = line.lstrip().startswith("```")
        in_code = in_code != fence
        kept.append("" if in_code or fence or line.startswith("|") else line)
    return kept


def setting_rows() -> list[tuple[str, str]]:
    rows = map(SETTING_ROW.match, lines(OPERATING))
    return [(row[1], row[2].strip()) for row in rows if row]


def default_in_words(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.default
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    return "empty" if value in {"", ()} else f"`{value}`"


def links(document: Path) -> Iterator[str]:
    for found in LINK.finditer(document.read_text()):
        target = found[1] or found[2]
        if not re.match(r"[a-z]+:", target):
            yield target


def leads_somewhere(document: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    path = (document.parent / name).resolve() if name else document
    return path.exists() and (not anchor or anchor in anchors(path))


def anchors(document: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = filter(None, map(HEADING.match, lines(document)))
    return {re.sub(r"[^\w\- ]", "", each[1].lower()).replace(" ", "-") for each in headings}


def commands() -> Iterator[Said]:
    """What follows `resetline` in code between backticks, in blocks and in unit files."""
    for document in documents():
        text = re.sub(r" *\\\n\s*", " ", document.read_text())
        for number, line in enumerate(text.splitlines(), 1):
            for piece in pieces(line):
                if found := COMMAND.search(piece):
                    yield Said(f"{shown(document)}:{number}", found[1])


def pieces(line: str) -> list[str]:
    """The code of a line: what stands between backticks, else the whole line as in a block."""
    return re.findall(r"`([^`]+)`", line) if "`" in line else [line.strip()]


def fault_of(words: list[str]) -> str:
    """What is wrong with a command, or nothing."""
    command: click.Command = resetline
    path = "resetline"
    for word in words:
        if word in {"…", "$@", ">", "<", "&&", "||"}:
            return ""
        if word.startswith("-") and word != "-":
            if word.partition("=")[0] not in options_of(command):
                return f"{path} {word}"
        elif isinstance(command, click.Group):
            below = command.get_command(click.Context(command), word)
            if below is None:
                return f"{path} {word}"
            command, path = below, f"{path} {word}"
    return ""


def options_of(command: click.Command) -> set[str]:
    named = (name for each in command.params for name in (*each.opts, *each.secondary_opts))
    return {*named, "-h", "--help"}


def command_at(words: list[str]) -> click.Command:
    command: click.Command = resetline
    for word in words:
        assert isinstance(command, click.Group)
        below = command.get_command(click.Context(command), word)
        assert below is not None
        command = below
    return command


def metrics(folder: Path) -> set[str]:
    """The names as Prometheus reads them from an installation in which nothing has happened."""
    url = f"sqlite:///{folder}/resetline.db"
    database = Database(url)
    schema.upgrade(database.engine)
    database.close()
    gateway = Gateway(settings(database_url=url))
    families = list(text_string_to_metric_families(monitoring.metrics(gateway).decode()))
    gateway.database.close()
    return {f"{each.name}_total" if each.type == "counter" else each.name for each in families}


def there_is_a_test(path: str, name: str | None) -> bool:
    file = ROOT / path
    return file.is_file() and (name is None or f"def {name}(" in file.read_text())
