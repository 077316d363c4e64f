"""The dashboard and the alerts name what there is, and each alert says what to do about it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.app import create_app
from gateway.records import schema
from gateway.records.database import Database
from tests.databases import skip
from tests.rules.test_documents import METRIC, OPERATING, anchors
from tests.rules.test_house import ROOT, settings

MONITORING: Final = ROOT / "monitoring"
RULES: Final = MONITORING / "prometheus" / "resetline.rules.yml"
RULE_TESTS: Final = MONITORING / "prometheus" / "resetline.rules.test.yml"
DASHBOARD: Final = MONITORING / "grafana" / "resetline.json"
ALERT: Final = re.compile(r"- alert: (\w+)")
LABELLED: Final = re.compile(r"(resetline_[a-z_]+)\{([^}]*)\}")
LABEL: Final = re.compile(r"(\w+)=~?\"")


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a running app answers at /metrics before anything has happened."""
    url = f"sqlite:///{tmp_path_factory.mktemp('metrics')}/resetline.db"
    database = Database(url)
    schema.upgrade(database.engine)
    database.close()
    return create_app(settings(database_url=url)).test_client().get("/metrics").text


@pytest.mark.parametrize("file", [RULES, RULE_TESTS, DASHBOARD], ids=lambda file: file.name)
def test_every_metric_that_is_asked_for_exists(file: Path, scraped: str) -> None:
    asked = set(METRIC.findall(file.read_text()))
    assert asked
    assert asked <= exported(scraped)


def test_the_dashboard_shows_every_metric(scraped: str) -> None:
    assert set(METRIC.findall(" ".join(queries(dashboard())))) == exported(scraped)


@pytest.mark.parametrize("file", [RULES, DASHBOARD], ids=lambda file: file.name)
def test_every_label_that_is_asked_for_exists(file: Path, scraped: str) -> None:
    text = file.read_text().replace('\\"', '"')
    asked = {
        (metric, label)
        for metric, labels in LABELLED.findall(text)
        for label in LABEL.findall(labels)
    }
    assert asked
    assert asked <= labels_of(scraped)


def test_every_panel_says_what_it_shows() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 10
    assert all(panel["title"] and panel["description"] and panel["targets"] for panel in panels)


def test_every_alert_has_a_section_of_what_to_do() -> None:
    sections = {each for each in anchors(OPERATING) if each.startswith("alert-")}
    assert sections == {f"alert-{name.lower()}" for name in ALERT.findall(RULES.read_text())}
    for name in ALERT.findall(RULES.read_text()):
        assert f"runbook: docs/operating.md#alert-{name.lower()}\n" in RULES.read_text()


def test_every_alert_is_tested_to_fire_and_to_be_silent() -> None:
    tests = RULE_TESTS.read_text()
    for name in ALERT.findall(RULES.read_text()):
        assert re.search(rf"alertname: {name}}}", tests), f"{name} is never expected to be silent"
        assert re.search(rf"alertname: {name}(\n +|, )exp_alerts", tests), f"{name} never fires"


def test_the_rules_are_valid(promtool: str) -> None:
    checked = subprocess.run([promtool, "check", "rules", RULES], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr + checked.stdout


def test_the_alerts_fire_when_they_should_and_only_then(promtool: str) -> None:
    tested = subprocess.run([promtool, "test", "rules", RULE_TESTS], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stderr + tested.stdout


def test_prometheus_finds_no_fault_in_our_figures(promtool: str, scraped: str) -> None:
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=scraped, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr + checked.stdout


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if not found:
        skip("needs promtool (Debian: prometheus)")
    return str(found)


def dashboard() -> Any:
    return json.loads(DASHBOARD.read_text())


def queries(shown: Any) -> Iterator[str]:
    for panel in shown["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def exported(scraped: str) -> set[str]:
    """Every metric that is told, with those that have no value yet."""
    types = re.findall(r"^# TYPE (\S+) (\w+)", scraped, re.MULTILINE)
    return {name for name, _ in types}


def labels_of(scraped: str) -> set[tuple[str, str]]:
    return {
        (metric, label)
        for metric, labels in LABELLED.findall(scraped)
        for label in LABEL.findall(labels)
    }
