"""The doctor finds what is broken, says what to do, and is quiet about the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask

from gateway.seal import new_key
from gateway.wording import languages
from simulator.active_directory import ActiveDirectoryServer, sample_domain
from simulator.active_directory.computed import COMPUTED
from simulator.twilio import Account, Carrier, MessagingService, Number, serving
from simulator.twilio.api import blueprint
from tests.gateway.cli.conftest import PEOPLE, Terminal
from tests.redis_server import RedisServer, running

SID, KEY = "AC" + "5" * 32, "SK" + "6" * 32
POOL, OTHER_POOL = "MG" + "7" * 32, "MG" + "8" * 32
HERE = "https://reset.example.com/twilio/sms"
ELSEWHERE = "https://elsewhere.example.com/sms"
GOOD = "+12025550100"

NUMBERS = (
    Number(GOOD, sms_url=f"{HERE}#rc=2&rp=all", sms_fallback_url=ELSEWHERE),
    Number("+12025550101", sms_url=ELSEWHERE, sms_fallback_url=ELSEWHERE),
    Number("+12025550102", sms_url=HERE, sms_method="GET", sms_fallback_url=ELSEWHERE),
    Number("+12025550103", sms_url=HERE),
    Number("+12025550104"),
)
SERVICES = (
    MessagingService(POOL, (GOOD,), inbound_url=HERE, fallback_url=ELSEWHERE),
    MessagingService(OTHER_POOL, (GOOD,)),
)


@pytest.fixture(scope="module")
def twilio() -> Iterator[str]:
    account = Account(SID, "token", NUMBERS, SERVICES, api_keys={KEY: "key secret"})
    app = Flask(__name__)
    app.register_blueprint(blueprint(Carrier(account)))
    with serving(app) as url:
        yield url


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running() as server:
        yield server


@pytest.fixture
def ward(terminal: Terminal, twilio: str, redis: RedisServer) -> Terminal:
    """An installation in which everything is well but its address, where nothing answers."""
    terminal.environment |= {
        "REDIS_URL": redis.url,
        "PUBLIC_URL": "https://reset.example.com",
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": GOOD,
        "TWILIO_API_URL": twilio,
    }
    terminal.run("people", "import", "northwind", "-", stdin=PEOPLE)
    return terminal


@pytest.fixture(autouse=True)
def _no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing answers at the address, whatever the network of the machine says."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")


def findings(terminal: Terminal, *, status: int) -> dict[str, dict[str, str]]:
    result = terminal.enter("doctor", "--json")
    assert result.exit_code == status, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return {finding["name"]: finding for finding in found if finding["verdict"] != "good"}


def test_what_is_well_is_said_in_one_line_each(ward: Terminal) -> None:
    result = ward.enter("doctor")
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if line[:1] in "✓!✗" and line]
    assert [line.partition(":")[0] for line in lines] == [
        "✓ settings",
        "✓ database",
        "✓ keys",
        "! directory of northwind",
        "✓ redis",
        "✓ limits",
        "! public url",
        "✓ twilio account",
        f"✓ number {GOOD}",
        *(f"✓ texts in {language}" for language in languages()),
        "! mail",
    ]
    assert result.stdout.endswith("Nothing is broken; 3 things are worth a look.\n")


def test_a_service_whose_number_is_not_said_is_worth_a_look(ward: Terminal) -> None:
    ward.environment |= {"TWILIO_FROM": "", "TWILIO_MESSAGING_SERVICE_SID": POOL}
    assert findings(ward, status=0)["public number"]["advice"] == (
        "set PUBLIC_NUMBER to the number of the Messaging Service that people text"
    )
    ward.environment["PUBLIC_NUMBER"] = GOOD
    assert "public number" not in findings(ward, status=0)


def test_secrets_are_in_no_report(ward: Terminal) -> None:
    shown = ward.run("doctor") + ward.run("doctor", "--json")
    for secret in (ward.environment["SECRET_KEYS"], "token"):
        assert secret not in shown.replace("auth token", "")


def test_missing_settings_are_all_there_is_to_say(bare: Terminal) -> None:
    broken = findings(bare, status=1)
    assert list(broken) == ["settings"]
    assert "missing: PUBLIC_URL, TWILIO_ACCOUNT_SID" in broken["settings"]["detail"]


def test_a_database_that_is_not_migrated_is_broken(ward: Terminal) -> None:
    ward.environment["DATABASE_URL"] = f"sqlite:///{ward.folder}/another.db"
    assert findings(ward, status=1)["database"]["advice"] == "run `resetline db upgrade`"


def test_a_database_that_is_away_is_broken_and_the_rest_is_checked(ward: Terminal) -> None:
    ward.environment["DATABASE_URL"] = "postgresql://u@127.0.0.1:1/x"
    result = ward.enter("doctor")
    assert "✗ database: the database is not available" in result.stdout
    assert "✓ twilio account" in result.stdout


def test_a_lost_key_is_broken(ward: Terminal) -> None:
    ward.environment["SECRET_KEYS"] = new_key()
    keys = findings(ward, status=1)["keys"]
    assert keys["detail"] == "SECRET_KEYS opens 0 of 2 sealed values"
    assert "put the key that was taken out back" in keys["advice"]


def test_a_redis_that_is_away_is_broken(ward: Terminal) -> None:
    ward.environment["REDIS_URL"] = "redis://127.0.0.1:1/0"
    assert "does not answer" in findings(ward, status=1)["redis"]["detail"]


def test_a_redis_that_forgets_is_broken(ward: Terminal) -> None:
    with running("--maxmemory-policy", "allkeys-random") as server:
        ward.environment["REDIS_URL"] = server.url
        redis = findings(ward, status=1)["redis"]
    assert "(maxmemory-policy allkeys-random)" in redis["detail"]
    assert redis["advice"] == "set `maxmemory-policy noeviction`"


def test_a_directory_that_does_not_answer_is_broken(ward: Terminal) -> None:
    ward.run(
        *("directory", "set", "northwind", "--url", "ldaps://127.0.0.1:1"),
        *("--base-dn", "DC=x", "--bind-dn", "s", "--bind-password-file", ward.file("p", "pw")),
    )
    broken = findings(ward, status=1)["directory of northwind"]
    assert "127.0.0.1:1 name and port" in broken["detail"]
    assert broken["advice"] == "see all steps with `resetline directory test northwind`"


def test_a_directory_that_works_is_good(ward: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = sample_domain()
    with ActiveDirectoryServer(sample.domain) as server:
        ward.run(
            *("directory", "set", "northwind", "--url", server.url, "--base-dn", sample.staff_dn),
            *("--bind-dn", sample.service_dn, "--ca-file", str(server.ca_file)),
            *("--bind-password-file", ward.file("p", sample.service_password)),
        )
        assert "directory of northwind" not in findings(ward, status=0)
        monkeypatch.delitem(COMPUTED, "replpropertymetadata")
        found = findings(ward, status=0)["directory of northwind"]
    assert found["verdict"] == "warning"
    assert "unused passwords: the service account may not read" in found["detail"]


def test_an_installation_without_organizations_is_worth_a_look(ward: Terminal) -> None:
    ward.environment["DATABASE_URL"] = f"sqlite:///{ward.folder}/another.db"
    ward.run("db", "upgrade")
    assert "organizations" in findings(ward, status=0)


@pytest.mark.parametrize(
    ("changes", "name", "detail"),
    [
        ({"TWILIO_AUTH_TOKEN": "wrong"}, "twilio account", "Twilio refuses it (code 20003)"),
        ({"TWILIO_API_URL": "http://127.0.0.1:1"}, "twilio account", "Twilio did not answer"),
        (
            {"TWILIO_API_KEY": KEY, "TWILIO_API_SECRET": "wrong"},
            f"number {GOOD}",
            "Twilio does not let us ask for it (code 20003)",
        ),
        ({"TWILIO_FROM": "+12025550199"}, "number +12025550199", "the account has none such"),
        (
            {"TWILIO_FROM": "+12025550101"},
            "number +12025550101",
            f"its texts are sent to {ELSEWHERE}",
        ),
        ({"TWILIO_FROM": "+12025550102"}, "number +12025550102", "its texts are sent by GET"),
        (
            {"TWILIO_FROM": "", "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32},
            f"messaging service MG{'0' * 32}",
            "the account has none such",
        ),
    ],
)
def test_what_is_broken_at_twilio_is_found(
    ward: Terminal, changes: dict[str, str], name: str, detail: str
) -> None:
    ward.environment |= changes
    finding = findings(ward, status=1)[name]
    assert finding["verdict"] == "broken"
    assert finding["detail"] == detail
    assert finding["advice"]


@pytest.mark.parametrize(
    ("changes", "name", "detail"),
    [
        ({"TWILIO_FROM": "+12025550103"}, "number +12025550103", "it has no fallback URL"),
        (
            {"TWILIO_MESSAGING_SERVICE_SID": OTHER_POOL},
            f"messaging service {OTHER_POOL}",
            "texts go to the webhook of each of its numbers",
        ),
    ],
)
def test_what_is_worth_a_look_at_twilio_is_found(
    ward: Terminal, changes: dict[str, str], name: str, detail: str
) -> None:
    ward.environment |= changes
    assert findings(ward, status=0)[name]["detail"] == detail


def test_a_number_whose_texts_go_nowhere_is_broken_and_says_where_they_should_go(
    ward: Terminal,
) -> None:
    ward.environment["TWILIO_FROM"] = "+12025550104"
    result = ward.enter("doctor")
    assert "✗ number +12025550104: its texts are sent to nobody" in result.stdout
    assert f"let a message that comes in call {HERE} by HTTP POST" in result.stdout
    assert "! number +12025550104: it has no fallback URL" in result.stdout


def test_an_api_key_and_a_service_that_are_right_are_good(ward: Terminal) -> None:
    ward.environment |= {
        "TWILIO_API_KEY": KEY,
        "TWILIO_API_SECRET": "key secret",
        "TWILIO_MESSAGING_SERVICE_SID": POOL,
    }
    assert set(findings(ward, status=0)) == {"directory of northwind", "public url", "mail"}


@pytest.mark.parametrize(("status", "found"), [("alive", True), ("asleep", False)])
def test_the_address_is_asked_for_our_web_process(
    ward: Terminal, monkeypatch: pytest.MonkeyPatch, status: str, *, found: bool
) -> None:
    web = Flask(__name__)
    web.get("/healthz")(lambda: {"status": status})
    with ExitStack() as stack:
        ward.environment["PUBLIC_URL"] = stack.enter_context(serving(web))
        result = ward.enter("doctor")
    assert ("✓ public url: the web process answers" in result.stdout) is found
    assert "! public url: only this machine reaches http://127.0.0.1" in result.stdout


def test_a_text_that_does_not_fit_is_broken(
    ward: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway import wording

    def too_long(template: str, *_: object) -> str:
        return "x" * (161 if template == "busy" else 160)

    monkeypatch.setattr(wording, "render", too_long)
    assert findings(ward, status=1)["texts in en"]["detail"].startswith("busy: the text takes 161")
