"""Faults on demand: what Twilio's client meets, and what was really done meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from simulator.twilio import Account, Carrier, api, control, numbers_at, serving
from simulator.twilio.faults import RequestKind

SID = "AC" + "a" * 32
OURS = "+15550100000"
PHONE = "+15550100001"


@pytest.fixture
def carrier() -> Carrier:
    return Carrier(Account(SID, "token", numbers_at("", [OURS])))


@pytest.fixture
def url(carrier: Carrier) -> Iterator[str]:
    app = Flask(__name__)
    app.register_blueprint(api.blueprint(carrier))
    app.register_blueprint(control.blueprint(carrier))
    with serving(app) as url:
        yield url


@pytest.fixture
def client(url: str) -> Client:
    client = Client(SID, "token", http_client=TwilioHttpClient(timeout=0.5))
    client.api.base_url = url
    return client


def send(client: Client) -> object:
    return client.messages.create(to=PHONE, from_=OURS, body="Hello").sid


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("too_many_requests", 429, 20429),
        ("server_error", 500, 20500),
        ("unavailable", 503, 20503),
        ("error", 400, 21612),
    ],
)
@pytest.mark.parametrize("accepted", [True, False])
def test_an_ordered_error_is_answered_whether_or_not_the_text_was_taken(
    client: Client, carrier: Carrier, kind: RequestKind, status: int, code: int, accepted: bool
) -> None:
    carrier.faults.answer(kind, accepted=accepted, code=code)
    with pytest.raises(TwilioRestException) as error:
        send(client)
    assert (error.value.status, error.value.code) == (status, code)
    assert len(carrier.messages) == accepted


def test_a_fault_strikes_so_many_times_and_then_no_more(client: Client, carrier: Carrier) -> None:
    carrier.faults.answer("server_error", times=2)
    for _ in range(2):
        with pytest.raises(TwilioRestException):
            send(client)
    assert send(client)


def test_the_newer_shape_of_errors_raises_the_other_exception(
    client: Client, carrier: Carrier
) -> None:
    carrier.faults.answer("problem", code=20429)
    with pytest.raises(TwilioServiceException) as error:
        send(client)
    assert (error.value.status, error.value.code) == (429, 20429)


@pytest.mark.parametrize("accepted", [True, False])
def test_the_connection_can_drop_before_or_after_the_text_was_taken(
    client: Client, carrier: Carrier, accepted: bool
) -> None:
    carrier.faults.answer("drop", accepted=accepted)
    with pytest.raises(requests.exceptions.ConnectionError):
        send(client)
    assert len(carrier.messages) == accepted


def test_an_answer_can_come_too_late(client: Client, carrier: Carrier) -> None:
    carrier.faults.answer("hang", seconds=0.7, accepted=True)
    with pytest.raises(requests.exceptions.ReadTimeout):
        send(client)
    assert len(carrier.messages) == 1


def test_a_proxy_can_answer_with_a_page(client: Client, carrier: Carrier) -> None:
    carrier.faults.answer("html", accepted=True)
    with pytest.raises(json.JSONDecodeError):
        send(client)


def test_an_answer_can_be_empty(client: Client, carrier: Carrier) -> None:
    carrier.faults.answer("empty")
    assert send(client) is None


def test_other_operations_can_fail_too(client: Client, carrier: Carrier) -> None:
    sid = str(send(client))
    carrier.advance()
    carrier.faults.answer("unavailable", operation="update")
    with pytest.raises(TwilioRestException) as error:
        client.messages(sid).update(body="")
    assert error.value.code == 20503
    assert client.messages(sid).update(body="").body == ""


def test_faults_are_ordered_and_cleared_over_http(
    url: str, client: Client, carrier: Carrier
) -> None:
    orders: list[dict[str, str | float]] = [
        {"kind": "too_many_requests", "times": 5},
        {"kind": "undelivered", "number": PHONE, "code": 30005},
        {"kind": "slow_queue", "seconds": 2.5},
    ]
    for order in orders:
        assert requests.post(f"{url}/simulator/faults", json=order, timeout=5).status_code == 201
    with pytest.raises(TwilioRestException):
        send(client)
    assert carrier.faults.fate(PHONE).code == 30005
    assert carrier.faults.queue_seconds == 2.5

    assert requests.delete(f"{url}/simulator/faults", timeout=5).status_code == 204
    assert send(client)
    assert carrier.faults.fate(PHONE).code is None


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"kind": "clear"}, b"kind is one of: too_many_requests"),
        ({"kind": "hang", "minutes": 3}, b"minutes"),
        (["hang"], b"JSON object"),
    ],
)
def test_a_wrong_order_is_refused_with_the_right_names(
    url: str, order: dict[str, str | int] | list[str], reason: bytes
) -> None:
    answer = requests.post(f"{url}/simulator/faults", json=order, timeout=5)
    assert answer.status_code == 400
    assert reason in answer.content


def test_what_lookup_tells_of_a_phone_is_set_over_http(url: str, client: Client) -> None:
    client.lookups.base_url = url
    line: dict[str, str | int] = {"number": PHONE, "type": "landline", "swapped_hours_ago": 2}
    assert requests.post(f"{url}/simulator/lines", json=line, timeout=5).status_code == 201
    wrong = requests.post(f"{url}/simulator/lines", json={**line, "sim": "new"}, timeout=5)
    assert (wrong.status_code, b"sim" in wrong.content) == (400, True)

    fetch = client.lookups.v2.phone_numbers(PHONE).fetch
    told: Any = fetch(fields="line_type_intelligence,sim_swap")
    assert told.line_type_intelligence["type"] == "landline"
    assert told.sim_swap["last_sim_swap"]["swapped_period"] == "PT7200S"
    assert fetch(fields="line_type_intelligence").sim_swap is None


def test_a_foreign_page_cannot_order_faults_with_a_form(url: str) -> None:
    answer = requests.post(f"{url}/simulator/faults", data={"kind": "drop"}, timeout=5)
    assert answer.status_code == 415


def test_a_text_can_be_sent_and_read_from_another_process(
    url: str, client: Client, carrier: Carrier
) -> None:
    text = {"from": PHONE, "to": OURS, "body": "HELP"}
    answer = requests.post(f"{url}/simulator/texts", json=text, timeout=5)
    assert answer.status_code == 201
    assert carrier.messages[0].sid == answer.json()["sid"]

    (reply,) = requests.get(f"{url}/simulator/texts", {"to": PHONE}, timeout=5).json()["texts"]
    assert "STOP" in reply["body"]

    wrong = requests.post(f"{url}/simulator/texts", json={"from": PHONE}, timeout=5)
    assert wrong.status_code == 400


def test_the_longest_matching_number_counts(carrier: Carrier) -> None:
    carrier.faults.undelivered("+1555", 30003)
    carrier.faults.undelivered(PHONE, 30005)
    assert carrier.faults.fate(PHONE).code == 30005
    assert carrier.faults.fate("+15550100002").code == 30003
    assert carrier.faults.fate("+447700900123").code is None
