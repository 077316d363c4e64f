"""Texts from phones: what the webhook is sent, how it is signed, and when it is tried again."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from twilio.request_validator import RequestValidator

from simulator.twilio import Account, Carrier, Kind, MessagingService, Number, signature
from simulator.twilio.receiver import Receiver, receiving
from simulator.twilio.webhooks import Answer, Overrides, ReadFailed, Request, deliver, signed

SID = "AC" + "a" * 32
OURS = "+15550100000"
PHONE = "+15550100001"
POOL = "MG" + "b" * 32


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def carrier_at(url: str, fallback: str = "") -> Carrier:
    return Carrier(Account(SID, "token", (Number(OURS, url, sms_fallback_url=fallback),)))


def dead_url() -> str:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}/sms"


def test_the_signature_is_the_one_of_twilios_documentation() -> None:
    given = {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", url, given) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_a_text_reaches_the_webhook_with_all_of_twilios_parameters(receiver: Receiver) -> None:
    message = carrier_at(f"{receiver.url}/sms").send_text(PHONE, OURS, "  reset ")

    (form,) = receiver.at("/sms")
    assert form["Body"] == "  reset "
    assert (form["From"], form["To"]) == (PHONE, OURS)
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"] == message.sid
    assert (form["NumMedia"], form["NumSegments"], form["SmsStatus"]) == ("0", "1", "received")
    assert form["FromCity"] == ""
    assert form["AccountSid"] == SID
    assert "MessagingServiceSid" not in form


def test_twilios_validator_accepts_the_webhook_and_its_fragment_is_not_signed(
    receiver: Receiver,
) -> None:
    carrier_at(f"{receiver.url}/sms#rc=2&rp=5xx").send_text(PHONE, OURS, "ünïcode ✓")

    (request,) = receiver.received
    given = request.headers["X-Twilio-Signature"]
    assert RequestValidator("token").validate(f"{receiver.url}/sms", request.form, given)
    assert not RequestValidator("other").validate(f"{receiver.url}/sms", request.form, given)
    assert request.headers["User-Agent"] == "TwilioProxy/1.1"
    assert request.headers["I-Twilio-Idempotency-Token"]


def test_an_error_of_the_application_is_not_tried_again_by_default(receiver: Receiver) -> None:
    receiver.answers = [503]
    carrier = carrier_at(f"{receiver.url}/sms")
    carrier.send_text(PHONE, OURS, "reset")

    assert len(receiver.received) == 1
    assert carrier.events[-1].kind is Kind.WEBHOOK_FAILED
    assert carrier.events[-1].facts["answer"] == 503


def test_overrides_in_the_fragment_make_it_try_again(receiver: Receiver) -> None:
    receiver.answers = [503, 503]
    carrier = carrier_at(f"{receiver.url}/sms#rc=2&rp=ct,5xx")
    carrier.send_text(PHONE, OURS, "reset")

    tokens = {each.headers["I-Twilio-Idempotency-Token"] for each in receiver.received}
    assert len(receiver.received) == 3
    assert len(tokens) == 1
    assert carrier.events[-1].kind is Kind.WEBHOOK
    assert carrier.events[-1].facts["attempts"] == 3


def test_one_retry_follows_a_connection_that_failed() -> None:
    carrier = carrier_at(dead_url())
    carrier.send_text(PHONE, OURS, "reset")
    assert carrier.events[-1].kind is Kind.WEBHOOK_FAILED
    assert carrier.events[-1].facts["attempts"] == 2


def test_the_fallback_is_told_what_went_wrong(receiver: Receiver) -> None:
    receiver.answers = [500]
    carrier_at(f"{receiver.url}/sms", f"{receiver.url}/fallback").send_text(PHONE, OURS, "reset")

    (form,) = receiver.at("/fallback")
    assert form["ErrorCode"] == "11200"
    assert form["ErrorUrl"] == f"{receiver.url}/sms"
    assert form["Body"] == "reset"


def test_a_read_that_times_out_is_not_tried_again_by_default() -> None:
    asked: list[Request] = []

    def never_answers(request: Request) -> int:
        asked.append(request)
        raise ReadFailed

    done = deliver(signed("http://gateway.example/sms", {}, "token", "once"), never_answers)
    assert (done.status, done.attempts, done.error) == (None, 1, 11205)
    assert len(asked) == 1


def test_overrides_are_read_from_the_url() -> None:
    overrides = Overrides.of("https://gateway.example/sms#ct=2000&rt=4000&rc=2&rp=ct,rt,5xx")
    assert (overrides.connect_seconds, overrides.read_seconds, overrides.retries) == (2, 4, 2)
    assert overrides.policy == {"ct", "rt", "5xx"}
    assert Overrides.of("https://gateway.example/sms") == Overrides()


def test_a_test_may_post_webhooks_itself_without_a_network() -> None:
    asked: list[Request] = []

    def post(request: Request) -> int:
        asked.append(request)
        return 200

    account = Account(SID, "token", (Number(OURS, "https://gateway.example/sms"),))
    Carrier(account, post=post).send_text(PHONE, OURS, "reset")
    assert asked[0].url == "https://gateway.example/sms"
    assert asked[0].parameters["Body"] == "reset"


def test_what_the_webhook_answers_to_be_texted_is_texted_back() -> None:
    account = Account(SID, "token", (Number(OURS, "https://gateway.example/sms"),))
    said = "<Response><Message>Tom &amp; Ann</Message></Response>"
    carrier = Carrier(account, post=lambda _: Answer(200, said))
    carrier.send_text(PHONE, OURS, "hello")
    [reply] = [each for each in carrier.texts_to(PHONE) if each.body != "hello"]
    assert (reply.body, reply.from_) == ("Tom & Ann", OURS)


@pytest.mark.parametrize("answer", [Answer(200), Answer(200, "<html"), Answer(500, "<Response/>")])
def test_any_other_answer_texts_nothing(answer: Answer) -> None:
    account = Account(SID, "token", (Number(OURS, "https://gateway.example/sms"),))
    carrier = Carrier(account, post=lambda _: answer)
    carrier.send_text(PHONE, OURS, "hello")
    assert [each.body for each in carrier.messages] == ["hello"]


def test_a_text_to_a_stranger_number_is_a_mistake_that_names_ours() -> None:
    with pytest.raises(ValueError, match=r"\+15550100000"):
        carrier_at("").send_text(PHONE, "+15559999999", "reset")


def test_a_one_time_code_is_filtered_and_never_passed_on(receiver: Receiver) -> None:
    message = carrier_at(f"{receiver.url}/sms").send_text(PHONE, OURS, " 123456 ")
    assert (message.status, message.error_code) == ("failed", 30038)
    assert receiver.received == []


@pytest.mark.parametrize("word", ["STOP", " unsubscribe ", "End", "OptOut", "REVOKE"])
def test_a_word_of_opting_out_is_answered_by_twilio_and_passed_on(
    receiver: Receiver, word: str
) -> None:
    carrier = carrier_at(f"{receiver.url}/sms")
    carrier.send_text(PHONE, OURS, word)

    (reply,) = carrier.texts_to(PHONE)
    assert "unsubscribed" in reply.body
    assert reply.direction == "outbound-reply"
    assert carrier.is_opted_out(PHONE, OURS)
    (form,) = receiver.at("/sms")
    assert form["Body"] == word
    assert "OptOutType" not in form


def test_stop_please_is_an_ordinary_text(receiver: Receiver) -> None:
    carrier = carrier_at(f"{receiver.url}/sms")
    carrier.send_text(PHONE, OURS, "STOP PLEASE")
    assert not carrier.is_opted_out(PHONE, OURS)
    assert carrier.texts_to(PHONE) == []


def test_start_opts_in_again_and_help_is_answered(receiver: Receiver) -> None:
    carrier = carrier_at(f"{receiver.url}/sms")
    for word in ("STOP", "HELP", "START", "HELP"):
        carrier.send_text(PHONE, OURS, word)

    assert not carrier.is_opted_out(PHONE, OURS)
    # HELP is not answered to somebody who has opted out.
    assert len(carrier.texts_to(PHONE)) == 3
    assert len(receiver.received) == 4


def test_advanced_opt_out_says_so_to_the_webhook(receiver: Receiver) -> None:
    carrier = carrier_at(f"{receiver.url}/sms")
    pool = MessagingService(POOL, (OURS,), advanced_opt_out=True)
    account = replace(carrier.account, services=(pool,))
    carrier = Carrier(account)
    carrier.send_text(PHONE, OURS, "stop")

    (form,) = receiver.at("/sms")
    assert form["OptOutType"] == "STOP"
    assert form["MessagingServiceSid"] == POOL
    assert carrier.is_opted_out(PHONE, POOL)
