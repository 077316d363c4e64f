"""Twilio's Lookup as we use it: what is asked, what each answer means, and each way of failing."""

from __future__ import annotations

import io
import logging
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import requests
import responses
import structlog
from flask import Flask

from gateway import logs
from gateway.carriers.lookup import (
    LineType,
    LookedUp,
    LookupFailed,
    SimSwap,
    Wanted,
    WhyNot,
)
from gateway.carriers.twilio_lookup import TwilioLookup, lookups_url
from simulator.twilio import Account, Carrier, serving
from simulator.twilio.api import blueprint
from tests.gateway.doors.conftest import ACCOUNT_SID, TOKENS, web_settings
from tests.world import MIA

LOOKUPS = f"https://lookups.twilio.com/v2/PhoneNumbers/{MIA}"
BOTH = Wanted(line_type=True, sim_swap=True)


@pytest.fixture
def twilio() -> Carrier:
    return Carrier(Account(ACCOUNT_SID, TOKENS[0]), post=lambda _request: 204)


@pytest.fixture
def lookup(twilio: Carrier) -> Iterator[TwilioLookup]:
    app = Flask("twilio")
    app.register_blueprint(blueprint(twilio))
    with serving(app) as url:
        yield TwilioLookup(web_settings(twilio_api_url=url))


def answer(status: int = 200, **body: Any) -> LookedUp | LookupFailed:
    responses.get(LOOKUPS, status=status, json=body)
    return TwilioLookup(web_settings()).look(MIA, BOTH)


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        (BOTH, "line_type_intelligence,sim_swap"),
        (Wanted(line_type=True, sim_swap=False), "line_type_intelligence"),
        (Wanted(line_type=False, sim_swap=True), "sim_swap"),
    ],
)
@responses.activate
def test_only_what_is_wanted_is_asked_for_and_paid(wanted: Wanted, fields: str) -> None:
    responses.get(LOOKUPS, json={"sim_swap": None, "line_type_intelligence": None})
    TwilioLookup(web_settings()).look(MIA, wanted)
    [call] = responses.calls
    assert call.request.params == {"Fields": fields}  # type: ignore[attr-defined]
    assert call.request.req_kwargs["timeout"] == 3  # type: ignore[attr-defined]
    expected = requests.auth._basic_auth_str(ACCOUNT_SID, TOKENS[0])
    assert call.request.headers["Authorization"] == expected


@pytest.mark.parametrize(
    ("api_url", "expected"),
    [
        ("https://api.twilio.com", "https://lookups.twilio.com"),
        ("https://api.dublin.ie1.twilio.com/", "https://lookups.dublin.ie1.twilio.com"),
        ("http://127.0.0.1:8023", "http://127.0.0.1:8023"),
        ("https://api.twilio.com.example.org", "https://api.twilio.com.example.org"),
        ("https://proxy.example.org/api.twilio.com", "https://proxy.example.org/api.twilio.com"),
    ],
)
def test_lookups_are_asked_for_in_the_same_region_or_at_the_same_simulator(
    api_url: str, expected: str
) -> None:
    assert lookups_url(api_url) == expected


@pytest.mark.parametrize(
    ("told", "line_type"),
    [
        ("mobile", LineType.MOBILE),
        ("landline", LineType.LANDLINE),
        ("fixedVoip", LineType.VOIP),
        ("nonFixedVoip", LineType.VOIP),
        ("tollFree", LineType.OTHER),
        ("pager", LineType.OTHER),
        ("unknown", None),
        ("aKindOfTomorrow", None),
        (None, None),
    ],
)
def test_every_kind_of_line_has_one_meaning(
    twilio: Carrier, lookup: TwilioLookup, told: str | None, line_type: LineType | None
) -> None:
    twilio.lookups.set(MIA, type=told)
    found = lookup.look(MIA, BOTH)
    assert isinstance(found, LookedUp)
    assert found.line_type is line_type
    assert found.code == (60600 if told is None else None)


def test_a_time_is_told_in_utc_and_its_period_is_not_believed(
    twilio: Carrier, lookup: TwilioLookup
) -> None:
    """Twilio says `swapped_in_period` of every swap whose time it tells, however long ago."""
    twilio.lookups.set(MIA, swapped_hours_ago=5)
    found = lookup.look(MIA, BOTH)
    expected = twilio.timetable.now().replace(microsecond=0) - timedelta(hours=5)
    assert isinstance(found, LookedUp)
    assert found.sim_swap == SimSwap(last_at=expected)


@pytest.mark.parametrize(
    ("line", "expected", "code"),
    [
        ({"swapped_in_period": True}, SimSwap(None, timedelta(hours=72), True), None),
        ({"swapped_in_period": False}, SimSwap(None, timedelta(hours=72), False), None),
        (
            {"swapped_in_period": False, "period": "P1DT12H30M5S"},
            SimSwap(None, timedelta(days=1, hours=12, minutes=30, seconds=5), False),
            None,
        ),
        ({"swapped_in_period": False, "period": "soon"}, SimSwap(None, None, False), None),
        ({}, None, None),
        ({"sim_error": 60620, "swapped_in_period": False}, None, 60620),
    ],
)
def test_what_carriers_tell_without_a_time(
    twilio: Carrier,
    lookup: TwilioLookup,
    line: dict[str, Any],
    expected: SimSwap | None,
    code: int | None,
) -> None:
    twilio.lookups.set(MIA, swapped_hours_ago=None, **line)
    assert lookup.look(MIA, BOTH) == LookedUp(LineType.MOBILE, expected, code)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "too_many_requests"}, LookupFailed(WhyNot.UNAVAILABLE, 20429)),
        ({"kind": "unavailable"}, LookupFailed(WhyNot.UNAVAILABLE, 20503)),
        ({"kind": "server_error"}, LookupFailed(WhyNot.UNAVAILABLE, 20500)),
        ({"kind": "problem", "code": 20500}, LookupFailed(WhyNot.UNAVAILABLE, 20500)),
        ({"kind": "html"}, LookupFailed(WhyNot.UNAVAILABLE)),
        ({"kind": "drop"}, LookupFailed(WhyNot.UNAVAILABLE)),
        ({"kind": "error", "code": 20404}, LookupFailed(WhyNot.REFUSED, 20404)),
        ({"kind": "error", "code": 20001}, LookupFailed(WhyNot.REFUSED, 20001)),
        ({"kind": "error", "code": 20003}, LookupFailed(WhyNot.NOT_ALLOWED, 20003)),
        ({"kind": "error", "code": 60606}, LookupFailed(WhyNot.NOT_ALLOWED, 60606)),
        ({"kind": "error", "code": 60614}, LookupFailed(WhyNot.NOT_ALLOWED, 60614)),
        ({"kind": "empty"}, LookedUp()),
    ],
)
def test_every_way_of_failing_has_one_meaning_and_is_never_raised(
    twilio: Carrier, lookup: TwilioLookup, fault: dict[str, Any], expected: object
) -> None:
    twilio.faults.answer(operation="lookup", **fault)
    assert lookup.look(MIA, BOTH) == expected
    assert isinstance(lookup.look(MIA, BOTH), LookedUp)


def test_a_package_that_is_not_switched_on_is_the_operators_to_see_to(
    twilio: Carrier, lookup: TwilioLookup
) -> None:
    twilio.lookups.packages = frozenset({"line_type_intelligence"})
    assert lookup.look(MIA, BOTH) == LookupFailed(WhyNot.NOT_ALLOWED, 60606)
    assert isinstance(lookup.look(MIA, Wanted(line_type=True, sim_swap=False)), LookedUp)


def test_what_is_no_number_is_refused(lookup: TwilioLookup) -> None:
    assert lookup.look("+1", BOTH) == LookupFailed(WhyNot.REFUSED, 20404)


@pytest.mark.parametrize(
    "body",
    [
        {"line_type_intelligence": "mobile"},
        {"line_type_intelligence": {"type": ["mobile"]}},
        {"line_type_intelligence": {"error_code": "many"}},
        {"sim_swap": {"last_sim_swap": [1]}},
        {"sim_swap": {"last_sim_swap": {"last_sim_swap_date": "yesterday"}}},
        {"sim_swap": {"last_sim_swap": {"last_sim_swap_date": 1}}},
    ],
)
@responses.activate
def test_an_answer_in_a_shape_that_we_do_not_know_tells_nothing(body: dict[str, Any]) -> None:
    assert answer(**body) == LookupFailed(WhyNot.UNREADABLE)


@responses.activate
def test_a_time_without_a_zone_is_taken_for_utc() -> None:
    found = answer(sim_swap={"last_sim_swap": {"last_sim_swap_date": "2026-03-01T10:00:00"}})
    assert found == LookedUp(sim_swap=SimSwap(last_at=datetime(2026, 3, 1, 10, tzinfo=UTC)))


def test_who_does_not_answer_is_not_waited_for() -> None:
    """The line is taken and nobody speaks: without a time limit this test would never end."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings = web_settings(twilio_api_url=f"http://127.0.0.1:{mute.getsockname()[1]}")
        found = TwilioLookup(settings, timeout_seconds=0.05).look(MIA, BOTH)
    assert found == LookupFailed(WhyNot.UNAVAILABLE)


def test_who_is_not_there_is_not_waited_for() -> None:
    settings = web_settings(twilio_api_url="http://127.0.0.1:1")
    assert TwilioLookup(settings).look(MIA, BOTH) == LookupFailed(WhyNot.UNAVAILABLE)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process of ours would write that logs as much as it can."""
    everybody = [logging.getLogger(name) for name in (None, "rq.worker", *logs.QUIET)]
    before = [(logger, logger.level, logger.handlers[:]) for logger in everybody]
    with monkeypatch.context() as patched:
        patched.setattr("sys.stderr", io.StringIO())
        logs.configure("DEBUG", "json")
        yield cast("io.StringIO", sys.stderr)
    structlog.reset_defaults()
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.mark.parametrize("fault", [None, "server_error", "drop", "html", "problem"])
def test_the_number_reaches_no_log_whatever_happens(
    twilio: Carrier, lookup: TwilioLookup, written: io.StringIO, fault: Any
) -> None:
    """Twilio wants it in the address, and libraries like to tell of addresses."""
    if fault:
        twilio.faults.answer(fault, operation="lookup")
    lookup.look(MIA, BOTH)
    logging.getLogger("anybody").debug("the log is there")
    assert "the log is there" in written.getvalue()
    assert MIA.lstrip("+") not in written.getvalue()
