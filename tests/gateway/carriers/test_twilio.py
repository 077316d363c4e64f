"""Twilio's REST client as we use it: what is sent, and what each way of failing means."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import responses
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
from simulator.twilio import Account, Carrier, Number, serving
from simulator.twilio.api import blueprint
from tests.gateway.doors.conftest import ACCOUNT_SID, PUBLIC_URL, TOKENS, web_settings
from tests.world import MIA, OUR_NUMBER

MESSAGES = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
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


def test_sending_and_emptying_against_a_stateful_twilio() -> None:
    account = Account(ACCOUNT_SID, TOKENS[0], numbers=(Number(OUR_NUMBER),))
    carrier = Carrier(account, post=lambda _request: 204)
    from flask import Flask

    app = Flask("twilio")
    app.register_blueprint(blueprint(carrier))
    with serving(app) as url:
        ours = TwilioCarrier(web_settings(twilio_api_url=url))
        accepted = send(ours)
        with pytest.raises(SendLater):
            ours.redact(accepted.sid)
        carrier.advance()
        ours.redact(accepted.sid)
    assert carrier.fetch(accepted.sid).body == ""
