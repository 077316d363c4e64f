"""The REST API, driven by Twilio's own client over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from flask import Flask
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from simulator.twilio import Account, Carrier, MessagingService, numbers_at, serving
from simulator.twilio.api import blueprint

SID = "AC" + "a" * 32
OURS = "+15550100000"
PHONE = "+15550100001"
POOL = "MG" + "b" * 32


@pytest.fixture
def carrier() -> Carrier:
    return Carrier(
        Account(
            sid=SID,
            auth_token="token",
            numbers=numbers_at("https://gateway.example/twilio/sms", [OURS, "+15550100009"]),
            services=(MessagingService(POOL, ("+15550100009",)),),
            api_keys={"SK" + "c" * 32: "key secret"},
            magic_numbers=True,
        )
    )


@pytest.fixture
def url(carrier: Carrier) -> Iterator[str]:
    app = Flask(__name__)
    app.register_blueprint(blueprint(carrier))
    with serving(app) as url:
        yield url


@pytest.fixture
def client(url: str) -> Client:
    return client_at(url, SID, "token")


def client_at(url: str, username: str, password: str) -> Client:
    client = Client(username, password, SID)
    client.api.base_url = client.messaging.base_url = url
    return client


def code_of(error: pytest.ExceptionInfo[TwilioRestException]) -> tuple[int, int | None]:
    return error.value.status, error.value.code


def test_a_message_is_accepted_as_twilio_accepts_it(client: Client) -> None:
    message = client.messages.create(to=PHONE, from_=OURS, body="Hello €")

    assert message.sid is not None
    assert message.sid.startswith("SM")
    assert len(message.sid) == 34
    assert (message.status, message.direction) == ("queued", "outbound-api")
    assert (message.num_segments, message.num_media) == ("1", "0")
    assert (message.from_, message.to, message.body) == (OURS, PHONE, "Hello €")
    assert message.date_created is not None
    assert message.date_sent is None
    assert message.error_code is None
    assert message.price is None


def test_a_messaging_service_accepts_before_it_knows_the_sender(
    client: Client, carrier: Carrier
) -> None:
    message = client.messages.create(to=PHONE, messaging_service_sid=POOL, body="Hello")
    assert (message.status, message.num_segments, message.from_) == ("accepted", "0", None)

    carrier.advance()
    message = client.messages(message.sid).fetch()
    assert (message.status, message.num_segments) == ("delivered", "1")
    assert message.from_ == "+15550100009"


def test_an_api_key_opens_the_door_and_a_wrong_token_does_not(url: str) -> None:
    client_at(url, "SK" + "c" * 32, "key secret").api.accounts(SID).fetch()
    with pytest.raises(TwilioRestException) as error:
        client_at(url, SID, "wrong").messages.create(to=PHONE, from_=OURS, body="Hello")
    assert code_of(error) == (401, 20003)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"to": ""}, 21604),
        ({"from_": ""}, 21603),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"to": "5550100001"}, 21211),
        ({"from_": "Resetline"}, 21212),
        ({"from_": "+15550109999"}, 21606),
        ({"status_callback": "https://under_score.example/x"}, 21609),
        ({"validity_period": 0}, 20001),
        ({"validity_period": 36001}, 20001),
        ({"content_retention": "discard"}, 30029),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550002"}, 21612),
        ({"to": "+15005550003"}, 21408),
        ({"to": "+15005550004"}, 21610),
        ({"to": "+15005550009"}, 21614),
        ({"from_": "+15005550007"}, 21606),
    ],
)
def test_what_twilio_refuses_is_refused(
    client: Client, carrier: Carrier, given: dict[str, object], code: int
) -> None:
    form: dict[str, object] = {"to": PHONE, "from_": OURS, "body": "Hello", **given}
    with pytest.raises(TwilioRestException) as error:
        client.messages.create(**form)
    assert code_of(error) == (400, code)
    assert carrier.messages == ()


@pytest.mark.parametrize("code", [21408, 21608, 21610, 21614])
def test_a_number_can_be_refused_with_any_code(client: Client, carrier: Carrier, code: int) -> None:
    carrier.faults.refuse("+1555", code)
    with pytest.raises(TwilioRestException) as error:
        client.messages.create(to=PHONE, from_=OURS, body="Hello")
    assert code_of(error) == (400, code)


def test_a_full_queue_is_429_with_its_own_code(client: Client, carrier: Carrier) -> None:
    carrier.faults.refuse(OURS, 21611)
    with pytest.raises(TwilioRestException) as error:
        client.messages.create(to=PHONE, from_=OURS, body="Hello")
    assert code_of(error) == (429, 21611)


def test_an_error_has_the_shape_of_twilios(url: str) -> None:
    answer = requests.post(
        f"{url}/2010-04-01/Accounts/{SID}/Messages.json", auth=(SID, "token"), timeout=5
    )
    assert answer.json() == {
        "code": 21604,
        "message": "A 'To' phone number is required.",
        "more_info": "https://www.twilio.com/docs/errors/21604",
        "status": 400,
    }
    assert answer.headers["Twilio-Request-Id"].startswith("RQ")


def test_a_body_in_flight_cannot_be_redacted_and_a_delivered_one_can(
    client: Client, carrier: Carrier
) -> None:
    sid = client.messages.create(to=PHONE, from_=OURS, body="secret").sid
    with pytest.raises(TwilioRestException) as error:
        client.messages(sid).update(body="")
    assert code_of(error) == (409, 20009)

    carrier.advance()
    assert client.messages(sid).update(body="").body == ""
    assert client.messages(sid).fetch().body == ""
    assert carrier.messages[0].redacted


def test_a_deleted_message_is_gone(client: Client, carrier: Carrier) -> None:
    sid = client.messages.create(to=PHONE, from_=OURS, body="Hello").sid
    with pytest.raises(TwilioRestException) as error:
        client.messages(sid).delete()
    assert code_of(error) == (409, 20009)

    carrier.advance()
    assert client.messages(sid).delete()
    with pytest.raises(TwilioRestException) as error:
        client.messages(sid).fetch()
    assert code_of(error) == (404, 20404)


def test_a_deleted_message_does_not_come_back(client: Client, carrier: Carrier) -> None:
    client.messages.create(to=PHONE, from_=OURS, body="Hello")
    carrier.faults.no_receipt(PHONE)
    carrier.advance()
    carrier.store.remove(carrier.messages[0].sid)
    carrier.advance()
    assert carrier.messages == ()


def test_the_list_is_newest_first_and_goes_over_pages(client: Client, carrier: Carrier) -> None:
    for number in range(7):
        client.messages.create(to=PHONE, from_=OURS, body=f"text {number}")
    client.messages.create(to="+15550100002", from_=OURS, body="for another")

    bodies = [message.body for message in client.messages.list(to=PHONE, page_size=3)]
    assert bodies == [f"text {number}" for number in reversed(range(7))]
    assert len(client.messages.list(limit=5)) == 5


def test_the_list_is_filtered_by_when_a_message_was_sent(client: Client, carrier: Carrier) -> None:
    client.messages.create(to=PHONE, from_=OURS, body="Hello")
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert client.messages.list(to=PHONE, date_sent_after=hour_ago) == []

    carrier.advance()
    assert len(client.messages.list(to=PHONE, date_sent_after=hour_ago)) == 1
    assert client.messages.list(to=PHONE, date_sent_before=hour_ago) == []


def test_a_doctor_can_look_at_the_account_and_its_webhooks(client: Client) -> None:
    account = client.api.accounts(SID).fetch()
    assert (account.status, account.type) == ("active", "Full")

    (number,) = client.incoming_phone_numbers.list(phone_number=OURS)
    assert number.sms_url == "https://gateway.example/twilio/sms"
    assert number.sms_method == "POST"
    assert len(client.incoming_phone_numbers.list()) == 2
    assert client.messaging.v1.services(POOL).fetch().use_inbound_webhook_on_number


def test_another_account_is_not_found(url: str) -> None:
    client = Client(SID, "token", "AC" + "d" * 32)
    client.api.base_url = url
    with pytest.raises(TwilioRestException) as error:
        client.api.accounts("AC" + "d" * 32).fetch()
    assert code_of(error) == (404, 20404)


def test_no_body_is_shown_by_the_repr_of_a_message(client: Client, carrier: Carrier) -> None:
    client.messages.create(to=PHONE, from_=OURS, body="top-secret")
    assert "top-secret" not in repr(carrier.messages) + repr(carrier.events)
    assert "token" not in repr(carrier.account)
