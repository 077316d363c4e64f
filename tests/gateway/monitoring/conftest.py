"""What the tests of the figures share: a world whose figures are asked for as Prometheus does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from gateway.app import create_app
from gateway.wiring import Gateway
from tests.rules.test_house import settings
from tests.world import World

TOKEN = "the-metrics-token-of-these-tests"
NOWHERE = "redis://127.0.0.1:1/0"


class Watcher:
    """Asks the web process of a world how it is doing."""

    def __init__(self, world: World, **changes: Any) -> None:
        given = {"database_url": world.database_url, "redis_url": NOWHERE, **changes}
        self.gateway = Gateway(settings(**given), another_time=world.clock)
        self.client: FlaskClient = create_app(self.gateway.settings, self.gateway).test_client()

    def scrape(self) -> Mapping[str, float]:
        """Values by name and labels, such as `resetline_queue_depth{interactive}`."""
        answer = self.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200, answer.text
        return {
            shown(each.name, each.labels): each.value
            for family in text_string_to_metric_families(answer.text)
            for each in family.samples
        }

    def ready(self) -> dict[str, Any]:
        told: dict[str, Any] = self.client.get("/readyz").get_json()
        return told

    def close(self) -> None:
        self.gateway.database.close()


def shown(name: str, labels: Mapping[str, str]) -> str:
    return f"{name}{{{','.join(labels.values())}}}" if labels else name


@pytest.fixture
def watcher(world_anywhere: World) -> Iterator[Watcher]:
    watcher = Watcher(world_anywhere, metrics_token=SecretStr(TOKEN))
    yield watcher
    watcher.close()
