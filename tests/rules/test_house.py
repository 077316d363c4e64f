"""The rules of the house that no linter knows: doors, rooms, first lines and what is kept out."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from honcho.environ import parse_procfile
from pydantic import SecretStr

from gateway.app import create_app
from gateway.seal import new_key
from gateway.settings import Settings

ROOT: Final = Path(__file__).parents[2]
PRODUCT: Final = ("gateway", "handlers", "directory", "templates")
MOST_LINES: Final = 300

SIGNED: Final = {("POST", "/twilio/sms"), ("POST", "/twilio/status")}
"""Nobody gets past these without Twilio's signature."""

PUBLIC: Final = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/logos/<digest>.png"),
    ("GET", "/static/<digest>/<name>"),
    ("GET", "/brand/<int:version>/<color>.css"),
    ("GET", "/<any(terms,privacy):page>"),
}
"""Open to everybody: they tell of no person and change nothing."""

LINK: Final = "/activate/<token>"
BY_LINK: Final = {
    ("GET", LINK),
    ("POST", LINK),
    ("GET", f"{LINK}/fresh"),
    ("GET", f"{LINK}/<any(password,number,code,approval,done):page>"),
    ("GET", f"{LINK}/contact.vcf"),
    ("GET", f"{LINK}/<any(terms,privacy):page>"),
    ("POST", f"{LINK}/<any(password,number,code):page>"),
    ("POST", f"{LINK}/again"),
    ("POST", f"{LINK}/fresh"),
}
"""For whoever has the link that was mailed to somebody; a form has to come from our page too."""

BEHIND_A_TOKEN: Final = {("GET", "/metrics")}
"""Closed by METRICS_TOKEN, where an operator has set it."""

FIRST_LINE: Final = re.compile(r'"""[A-Z`].*\.("""$|$)')
"""One sentence, with a capital at its beginning and a full stop at its end."""

NOT_FOR_THE_WORLD: Final = {
    "a package index": re.compile(r"pypi\.org|pythonhosted|https?://\S+/simple\b"),
    "a setting for a package index": re.compile(r"index[-_]url[\s=]+\S*:/"),
    "a path of somebody's own machine": re.compile(r"(?<![\w.$)}/-])/(work|root|home/\w+)/\w"),
}


@pytest.fixture
def app() -> Flask:
    return create_app(settings(metrics_token=SecretStr("the-metrics-token-of-this-test")))


def test_every_route_has_somebody_who_may_knock(app: Flask) -> None:
    """A new one fails here until that was decided."""
    assert routes(app) == SIGNED | PUBLIC | BY_LINK | BEHIND_A_TOKEN


@pytest.mark.parametrize(("method", "path"), sorted(BY_LINK))
def test_without_redis_no_link_is_even_looked_up(app: Flask, method: str, path: str) -> None:
    """Limits come before the look-up, and nobody can count here."""
    answer = app.test_client().open(as_called(path), method=method)
    assert answer.status_code == 503


@pytest.mark.parametrize(("method", "path"), sorted(SIGNED))
def test_a_signed_route_turns_away_whoever_has_no_signature(
    app: Flask, method: str, path: str
) -> None:
    answer = app.test_client().open(path, method=method, data={"MessageSid": "SM" + "0" * 32})
    assert answer.status_code == 403


@pytest.mark.parametrize(("method", "path"), sorted(BEHIND_A_TOKEN))
@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer another", "Basic x"])
def test_a_route_behind_a_token_turns_away_whoever_has_none(
    app: Flask, method: str, path: str, given: str
) -> None:
    answer = app.test_client().open(path, method=method, headers={"Authorization": given})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", sorted({path for _, path in PUBLIC}))
def test_a_public_route_cannot_be_written_to(app: Flask, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert app.test_client().open(as_called(path), method=method).status_code == 405


def test_no_file_of_the_product_outgrows_a_room() -> None:
    """Past this it wants splitting. Migrations are written by a generator and never edited."""
    rooms = [path for path in product_files() if "migrations/versions" not in path.as_posix()]
    assert [shown(path) for path in rooms if len(lines(path)) > MOST_LINES] == []


def test_every_file_of_the_product_begins_with_one_sentence_of_what_it_is_for() -> None:
    wrong = [path for path in product_files() if not FIRST_LINE.match(next(iter(lines(path)), ""))]
    assert [shown(path) for path in wrong] == []


def test_nothing_of_the_product_prints_outside_the_command_line() -> None:
    outside = [path for path in product_files() if "gateway/cli" not in path.as_posix()]
    assert [shown(path) for path in outside if any(prints(path))] == []


def test_the_procfile_runs_a_release_the_web_a_worker_and_the_clock() -> None:
    processes = parse_procfile((ROOT / "Procfile").read_text()).processes
    assert set(processes) == {"release", "web", "worker", "clock"}
    assert all(command.startswith("resetline ") for command in processes.values())


@pytest.mark.parametrize("what", NOT_FOR_THE_WORLD)
def test_no_file_names_what_belongs_to_one_machine(what: str) -> None:
    found = [
        f"{shown(path)}:{number}"
        for path in tracked_files()
        for number, line in enumerate(lines(path), 1)
        if NOT_FOR_THE_WORLD[what].search(line) and path != Path(__file__)
    ]
    assert found == []


def settings(**changes: Any) -> Settings:
    """As little as an installation can be set up with."""
    least: dict[str, Any] = {
        "database_url": "sqlite://",
        "secret_keys": (SecretStr(new_key()),),
        "public_url": "https://reset.example.com",
        "twilio_account_sid": "AC" + "0" * 32,
        "twilio_auth_token": (SecretStr("the-auth-token-of-this-test"),),
        "twilio_from": ("+12025550100",),
    }
    return Settings(**{**least, **changes})


def as_called(rule: str) -> str:
    """An address that the rule of a route fits."""
    one_of = re.sub(r"<any\((\w+)[^>]*>", r"\1", rule)
    return re.sub(r"<\w+>", "made-up", one_of.replace("<int:version>", "1"))


def routes(app: Flask) -> set[tuple[str, str]]:
    """Each method and path that is answered; HEAD and OPTIONS come with every route."""
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def product_files() -> Iterator[Path]:
    yield ROOT / "wsgi.py"
    for folder in PRODUCT:
        yield from sorted((ROOT / folder).rglob("*.py"))


def tracked_files() -> list[Path]:
    """What git knows, or will know with the next commit. Whoever runs this may not own it."""
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def prints(path: Path) -> Iterator[bool]:
    """A call of print for each time that there is one."""
    node: Any
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield from [True] if node.func.id == "print" else []


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
