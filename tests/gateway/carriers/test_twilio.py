"""Twilio's REST client as we use it: what is sent, and what each way of failing means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import responses
from flask import Flask
from pydantic import SecretStr

from gateway.carriers import (
    CarrierError,
    CarrierMisconfigured,
    RecipientOptedOut,
    SendLater,
    SendRefused,
    SendUnknown,
)
from gateway.carriers.twilio import TwilioCarrier
from simulator.twilio import Account, Carrier, MessagingService, Number, serving
from simulator.twilio.api import blueprint
from simulator.twilio.faults import RequestKind
from tests.gateway.doors.conftest import ACCOUNT_SID, PUBLIC_URL, TOKENS, web_settings
from tests.world import MIA, OUR_NUMBER, SAM

MESSAGES = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
OTHER_NUMBER = "+14155550101"
POOL, OTHER_POOL = "MG" + "b" * 32, "MG" + "c" * 32
MINUTE = timedelta(minutes=1)
BODY = SecretStr("Northwind: your one-time password is\nMaple-Otter-Canal-47")


def send(carrier: TwilioCarrier | None = None, sender: str = OUR_NUMBER) -> Any:
    return (carrier or TwilioCarrier(web_settings())).send(sender, MIA, BODY, 300, 7)


def answer(status: int, body: Any) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    responses.post(MESSAGES, status=status, body=text)


@responses.activate
def test_a_text_goes_out_with_validity_and_callback_and_without_smart_encoding() -> None:
    answer(201, {"sid": "SM" + "a" * 32, "status": "queued"})
    accepted = send()
    assert (accepted.sid, accepted.status) == ("SM" + "a" * 32, "queued")
    form = parse_qs(str(responses.calls[0].request.body))
    assert form["From"] == [OUR_NUMBER]
    assert form["To"] == [MIA]
    assert form["ValidityPeriod"] == ["300"]
    assert form["SmartEncoded"] == ["False"] or form["SmartEncoded"] == ["false"]
    assert form["StatusCallback"] == [f"{PUBLIC_URL}/twilio/status?message=7"]
    assert responses.calls[0].request.req_kwargs["timeout"] == 10  # type: ignore[attr-defined]


@responses.activate
def test_a_messaging_service_is_named_as_such() -> None:
    answer(201, {"sid": "SM" + "a" * 32, "status": "accepted"})
    send(sender="MG" + "b" * 32)
    form = parse_qs(str(responses.calls[0].request.body))
    assert form["MessagingServiceSid"] == ["MG" + "b" * 32]
    assert "From" not in form


@responses.activate
def test_an_api_key_is_used_where_there_is_one() -> None:
    answer(201, {"sid": "SM" + "a" * 32, "status": "queued"})
    settings = web_settings(twilio_api_key="SK1", twilio_api_secret=SecretStr("hush"))
    send(TwilioCarrier(settings))
    expected = requests.auth._basic_auth_str("SK1", "hush")
    assert responses.calls[0].request.headers["Authorization"] == expected


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (429, 20429, SendLater),
        (503, 20503, SendLater),
        (429, None, SendLater),
        (503, None, SendLater),
        (400, 21611, SendLater),
        (500, 20500, SendUnknown),
        (500, None, SendUnknown),
        (502, None, SendUnknown),
        (302, None, SendUnknown),
        (400, 21610, RecipientOptedOut),
        (400, 21211, SendRefused),
        (400, 21612, SendRefused),
        (400, 21614, SendRefused),
        (400, 21635, SendRefused),
        (400, 99999, SendRefused),
        (401, 20003, CarrierMisconfigured),
        (403, None, CarrierMisconfigured),
        (400, 21408, CarrierMisconfigured),
        (400, 21606, CarrierMisconfigured),
        (400, 21608, CarrierMisconfigured),
        (400, 21609, CarrierMisconfigured),
        (400, 21712, CarrierMisconfigured),
        (400, 30034, CarrierMisconfigured),
    ],
)
@pytest.mark.parametrize("problem_details", [False, True])
@responses.activate
def test_every_answer_has_one_meaning(
    status: int, code: int | None, meaning: type[CarrierError], *, problem_details: bool
) -> None:
    body: dict[str, Any] = {"code": code, "message": f"Invalid 'To' Phone Number: {MIA}"}
    if problem_details:
        body = {"type": "about:blank", "title": "no", "status": status, "code": code}
    answer(status, body)
    with pytest.raises(CarrierError) as caught:
        send()
    assert type(caught.value) is meaning
    assert MIA not in str(caught.value)
    assert "Maple" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (requests.exceptions.ConnectTimeout(), SendLater),
        (requests.exceptions.ReadTimeout(), SendUnknown),
        (requests.exceptions.ConnectionError("reset"), SendUnknown),
        (requests.exceptions.ChunkedEncodingError(), SendUnknown),
        (requests.exceptions.TooManyRedirects(), SendUnknown),
    ],
)
@responses.activate
def test_every_broken_connection_has_one_meaning(
    error: Exception, meaning: type[CarrierError]
) -> None:
    responses.post(MESSAGES, body=error)
    with pytest.raises(CarrierError) as caught:
        send()
    assert type(caught.value) is meaning


@pytest.mark.parametrize("body", ["<html>hello</html>", "", "{}", "[]", "null", '{"sid": "SM1"}'])
@responses.activate
def test_a_success_that_cannot_be_read_is_an_unknown_outcome(body: str) -> None:
    answer(201, body)
    with pytest.raises(SendUnknown):
        send()


def test_a_refused_connection_has_sent_nothing() -> None:
    settings = web_settings(twilio_api_url="http://127.0.0.1:1")
    with pytest.raises(SendLater):
        send(TwilioCarrier(settings))


@responses.activate
def test_a_copy_that_is_gone_counts_as_emptied() -> None:
    sid = "SM" + "a" * 32
    url = MESSAGES.replace("Messages.json", f"Messages/{sid}.json")
    responses.post(url, status=404, json={"code": 20404})
    TwilioCarrier(web_settings()).redact(sid)


@responses.activate
def test_a_copy_in_flight_is_emptied_later() -> None:
    sid = "SM" + "a" * 32
    url = MESSAGES.replace("Messages.json", f"Messages/{sid}.json")
    responses.post(url, status=400, json={"code": 20009})
    with pytest.raises(SendLater):
        TwilioCarrier(web_settings()).redact(sid)


@contextmanager
def a_stateful_twilio(**account: Any) -> Iterator[tuple[TwilioCarrier, Carrier]]:
    """Ours, and what it talks to."""
    numbers = (Number(OUR_NUMBER), Number(OTHER_NUMBER))
    carrier = Carrier(
        Account(ACCOUNT_SID, TOKENS[0], numbers=numbers, **account), post=lambda _request: 204
    )
    app = Flask("twilio")
    app.register_blueprint(blueprint(carrier))
    with serving(app) as url:
        yield TwilioCarrier(web_settings(twilio_api_url=url)), carrier


def test_sending_and_emptying_against_a_stateful_twilio() -> None:
    with a_stateful_twilio() as (ours, carrier):
        accepted = send(ours)
        with pytest.raises(SendLater):
            ours.redact(accepted.sid)
        carrier.advance()
        ours.redact(accepted.sid)
    assert carrier.fetch(accepted.sid).body == ""


def copies(ours: TwilioCarrier, sender: str = OUR_NUMBER, *, since: datetime | None = None) -> Any:
    now = datetime.now(UTC)
    return ours.copies(sender, MIA, since or now - MINUTE, now + MINUTE)


def test_what_was_sent_from_a_number_to_another_is_found() -> None:
    with a_stateful_twilio() as (ours, carrier):
        sids = {send(ours).sid, send(ours).sid}
        ours.send(OUR_NUMBER, SAM, BODY, 300, 8)
        send(ours, OTHER_NUMBER)
        carrier.send_text(MIA, OUR_NUMBER, "STOP")  # which Twilio answers itself
        carrier.advance()
        assert set(copies(ours)) == sids


def test_what_was_sent_from_a_service_is_found_and_nothing_else_of_the_account() -> None:
    ours_and_theirs = [MessagingService(sid, (OUR_NUMBER,)) for sid in (POOL, OTHER_POOL)]
    with a_stateful_twilio(services=tuple(ours_and_theirs)) as (ours, carrier):
        sid = send(ours, POOL).sid
        send(ours, OTHER_POOL)
        send(ours, OUR_NUMBER)
        assert copies(ours, POOL) == [sid]
        carrier.advance()
        assert copies(ours, POOL) == [sid]


def test_a_copy_that_never_left_is_found_too() -> None:
    with a_stateful_twilio() as (ours, carrier):
        carrier.faults.failed(MIA, 30036)
        sid = send(ours).sid
        carrier.advance()
        assert carrier.fetch(sid).sent is None
        assert copies(ours) == [sid]


def test_what_was_sent_at_another_time_is_left_alone() -> None:
    with a_stateful_twilio() as (ours, carrier):
        send(ours)
        carrier.advance(3600)
        later = send(ours).sid
        now = carrier.timetable.now()
        assert ours.copies(OUR_NUMBER, MIA, now - MINUTE, now + MINUTE) == [later]
        assert ours.copies(OUR_NUMBER, MIA, now + MINUTE, now + 2 * MINUTE) == []


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("too_many_requests", SendLater),
        ("unavailable", SendLater),
        ("server_error", SendUnknown),
        ("html", SendUnknown),
        ("empty", SendUnknown),
        ("problem", SendUnknown),
    ],
)
def test_copies_that_twilio_does_not_tell_of_are_no_empty_list(
    kind: RequestKind, meaning: type[CarrierError]
) -> None:
    with a_stateful_twilio() as (ours, carrier):
        carrier.faults.answer(kind, operation="list")
        with pytest.raises(CarrierError) as caught:
            copies(ours)
    assert type(caught.value) is meaning
    assert MIA not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        {},
        {"sid": "SM1"},
        {"date_created": None},
        {"date_created": "yesterday"},
    ],
)
@responses.activate
def test_a_copy_that_cannot_be_read_is_no_empty_list(text: dict[str, Any]) -> None:
    whole = {"sid": "SM" + "a" * 32, "direction": "outbound-api", "from": OUR_NUMBER}
    whole["date_created"] = "Mon, 02 Mar 2026 09:00:00 +0000"
    responses.get(MESSAGES, json={"messages": [whole | text if text else {}]})
    with pytest.raises(SendUnknown):
        copies(TwilioCarrier(web_settings()), since=datetime(2026, 3, 1, tzinfo=UTC))
