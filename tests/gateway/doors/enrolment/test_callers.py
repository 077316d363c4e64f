"""Who opens the activation pages is counted as who they are, and their link reaches no log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest

from gateway.engine.enrolment.visits import Visits
from gateway.logs import without_secrets
from gateway.records.database import DatabaseUnavailable
from tests.gateway.doors.enrolment.activation import Visitor, visited
from tests.gateway.engine.enrolment.conftest import Newcomer, add_person
from tests.world import World


class Failing:
    """Instead of the visits: something in us is broken, or the database is away."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def open(self, _token: str) -> None:
        raise self._error


@pytest.fixture(params=[RuntimeError("unforeseen"), DatabaseUnavailable("away")], ids=repr)
def failing(
    world: World, nina: Newcomer, request: pytest.FixtureRequest
) -> Iterator[tuple[Visitor, int]]:
    visits = cast("Visits", Failing(request.param))
    world.__dict__["enrolment"] = replace(world.enrolment, visits=visits)
    status = 503 if isinstance(request.param, DatabaseUnavailable) else 500
    with visited(world, nina) as visitor:
        yield visitor, status


@pytest.mark.parametrize("page", ["", "number", "done", "contact.vcf"])
def test_what_fails_in_us_is_said_in_words_and_the_link_reaches_no_log(
    failing: tuple[Visitor, int], page: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Flask itself writes the path of a request that failed."""
    visitor, status = failing
    caplog.set_level(logging.DEBUG)
    answer = visitor.get(page)
    assert answer.status_code == status
    assert "Nothing was changed, and your link still works" in answer.text
    assert "door." in caplog.text
    assert visitor.nina.token not in caplog.text


def test_the_last_net_takes_a_link_out_of_what_the_web_server_writes() -> None:
    said = "Error handling request GET /activate/WyJh.b-_c/number?x=1"
    event: dict[str, Any] = {"event": said, "exception": "at '/activate/WyJh.b-_c'"}
    assert without_secrets(None, "error", event) == {
        "event": "Error handling request GET /activate/***/number?x=1",
        "exception": "at '/activate/***'",
    }


@pytest.mark.parametrize(
    "callers",
    [
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("192.0.2.1:5001", "192.0.2.2:5001"),
        ("[2001:db8:1::7]:5001", "[2001:db8:2::7]:5001"),
    ],
)
def test_each_caller_is_counted_alone_however_their_address_is_written(
    visitor: Visitor, callers: tuple[str, str]
) -> None:
    """A server for both families of addresses shows those of IPv4 inside of one IPv6 network."""
    assert len(counted(visitor, *callers)) == 2


@pytest.mark.parametrize(
    "same",
    [
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1:5001", "192.0.2.1:5002"),
        ("2001:db8:1::7", "[2001:db8:1::8]:5001", "2001:db8:1:0:1::"),
    ],
)
def test_a_caller_is_the_same_one_from_another_port(visitor: Visitor, same: tuple[str]) -> None:
    assert len(counted(visitor, *same)) == 1


def counted(visitor: Visitor, *callers: str) -> list[str]:
    for caller in callers:
        assert visitor.get(environ_overrides={"REMOTE_ADDR": caller}).status_code == 200
    return [
        key for name, key in visitor.nina.world.limits.taken if name.endswith("links_per_address")
    ]


@pytest.mark.parametrize(("hops", "counted_together"), [(0, True), (1, False)])
def test_behind_a_proxy_of_ours_each_caller_is_counted_by_their_own_address(
    world: World, hops: int, *, counted_together: bool
) -> None:
    nina = add_person(world, "nina.alvarez")
    nina.invited()
    with visited(world, nina, trusted_proxies=hops) as visitor:
        for place in range(3):
            forwarded = {"X-Forwarded-For": f"203.0.113.{place}, 198.51.100.{place}"}
            visitor.get(headers=forwarded)
    keys = [key for name, key in world.limits.taken if name.endswith("links_per_address")]
    assert (len(keys) == 1) == counted_together


def test_a_network_of_ipv6_is_one_caller(visitor: Visitor) -> None:
    for place in range(3):
        visitor.get(environ_overrides={"REMOTE_ADDR": f"2001:db8:1:2::{place:x}"})
    keys = [
        key for name, key in visitor.nina.world.limits.taken if name.endswith("links_per_address")
    ]
    assert len(keys) == 1
