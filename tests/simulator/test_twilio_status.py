"""The way of a text to a phone: the order of its statuses, and the signed callbacks on the way."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event as Signal

import pytest
from twilio.request_validator import RequestValidator

from simulator.twilio import Account, ApiError, Carrier, Kind, MessagingService, Pace, Status
from simulator.twilio.account import numbers_at
from simulator.twilio.receiver import Receiver, receiving

SID = "AC" + "a" * 32
OURS = "+15550100000"
PHONE = "+15550100001"
POOL = "MG" + "b" * 32


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def account(receiver: Receiver) -> Account:
    return Account(
        sid=SID,
        auth_token="token",
        numbers=numbers_at(f"{receiver.url}/sms", [OURS]),
        services=(MessagingService(POOL, (OURS,), advanced_opt_out=True),),
    )


@pytest.fixture
def carrier(account: Account) -> Carrier:
    return Carrier(account)


def send(carrier: Carrier, receiver: Receiver, **given: str) -> str:
    sender = {} if "MessagingServiceSid" in given else {"From": OURS}
    form = {"To": PHONE, "Body": "Hello", "StatusCallback": f"{receiver.url}/status"}
    return carrier.create({**form, **sender, **given}).sid


def told(receiver: Receiver) -> list[str]:
    return [form["MessageStatus"] for form in receiver.at("/status")]


def test_the_statuses_come_in_twilios_order_and_the_first_is_not_reported(
    carrier: Carrier, receiver: Receiver
) -> None:
    sid = send(carrier, receiver)
    seen = [carrier.fetch(sid).status]
    while carrier.step():
        seen.append(carrier.fetch(sid).status)

    assert seen == ["queued", "sending", "sent", "delivered"]
    assert told(receiver) == ["sent", "delivered"]


def test_a_messaging_service_reports_queued_too(carrier: Carrier, receiver: Receiver) -> None:
    send(carrier, receiver, MessagingServiceSid=POOL)
    carrier.advance()
    assert told(receiver) == ["queued", "sent", "delivered"]
    assert receiver.at("/status")[-1]["MessagingServiceSid"] == POOL
    assert receiver.at("/status")[-1]["From"] == OURS


def test_a_callback_is_signed_and_holds_no_body(carrier: Carrier, receiver: Receiver) -> None:
    sid = send(carrier, receiver, Body="top-secret")
    carrier.advance()

    request = receiver.received[-1]
    given = request.headers["X-Twilio-Signature"]
    assert RequestValidator("token").validate(f"{receiver.url}/status", request.form, given)
    assert request.form["MessageSid"] == request.form["SmsSid"] == sid
    assert request.form["RawDlrDoneDate"]
    assert "top-secret" not in str(request.form)


def test_time_passes_only_when_it_is_told_to(carrier: Carrier, receiver: Receiver) -> None:
    sid = send(carrier, receiver)
    carrier.advance(0.25)
    assert carrier.fetch(sid).status is Status.SENDING
    carrier.advance(0.5)
    assert carrier.fetch(sid).status is Status.SENT


def test_sending_is_reported_to_those_who_ask_for_it(account: Account, receiver: Receiver) -> None:
    carrier = Carrier(account, reported=frozenset(Status))
    send(carrier, receiver)
    carrier.advance()
    assert told(receiver) == ["sending", "sent", "delivered"]


@pytest.mark.parametrize(("status", "code"), [("undelivered", 30003), ("failed", 30007)])
def test_a_number_can_be_out_of_reach(
    carrier: Carrier, receiver: Receiver, status: str, code: int
) -> None:
    break_it = getattr(carrier.faults, status)
    break_it(PHONE, code)
    sid = send(carrier, receiver)
    carrier.advance()

    assert carrier.fetch(sid).status == status
    assert carrier.fetch(sid).error_code == code
    assert receiver.at("/status")[-1]["ErrorCode"] == str(code)


def test_some_carriers_never_send_a_receipt(carrier: Carrier, receiver: Receiver) -> None:
    carrier.faults.no_receipt("+1")
    sid = send(carrier, receiver)
    carrier.advance()
    assert carrier.fetch(sid).status is Status.SENT
    assert carrier.redact(sid).body == ""


def test_a_message_whose_validity_ends_in_the_queue_fails(
    carrier: Carrier, receiver: Receiver
) -> None:
    carrier.faults.slow_queue(seconds=600)
    sid = send(carrier, receiver, ValidityPeriod="300")
    carrier.advance(299)
    assert carrier.fetch(sid).status is Status.QUEUED
    carrier.advance(2)
    assert (carrier.fetch(sid).status, carrier.fetch(sid).error_code) == ("failed", 30036)


def test_callbacks_can_be_lost_doubled_and_out_of_order(
    carrier: Carrier, receiver: Receiver
) -> None:
    carrier.faults.lose_callbacks(1)
    send(carrier, receiver)
    carrier.advance()
    assert told(receiver) == ["delivered"]

    carrier.faults.duplicate_callbacks(3)
    send(carrier, receiver)
    carrier.advance()
    assert told(receiver)[1:] == ["sent"] * 3 + ["delivered"] * 3

    carrier.faults.clear()
    carrier.faults.reorder_callbacks()
    send(carrier, receiver)
    carrier.advance()
    assert told(receiver)[7:] == ["delivered", "sent"]


def test_callbacks_can_come_before_create_has_answered(
    carrier: Carrier, receiver: Receiver
) -> None:
    carrier.faults.early_callbacks()
    send(carrier, receiver)
    assert told(receiver) == ["sent", "delivered"]


def test_a_text_can_come_several_times_at_once(carrier: Carrier, receiver: Receiver) -> None:
    carrier.faults.duplicate_texts(copies=5)
    message = carrier.send_text(PHONE, OURS, "reset")
    assert [form["MessageSid"] for form in receiver.at("/sms")] == [message.sid] * 5


def test_after_stop_a_send_is_refused_until_start(carrier: Carrier, receiver: Receiver) -> None:
    plain = Carrier(Account(SID, "token", carrier.account.numbers))
    plain.send_text(PHONE, OURS, "Stop")
    with pytest.raises(ApiError) as error:
        send(plain, receiver)
    assert error.value.code == 21610

    plain.send_text(PHONE, OURS, "unstop")
    send(plain, receiver)


def test_with_advanced_opt_out_the_refusal_comes_later(
    carrier: Carrier, receiver: Receiver
) -> None:
    carrier.send_text(PHONE, OURS, "STOP")
    sid = send(carrier, receiver, MessagingServiceSid=POOL)
    carrier.advance()
    assert (carrier.fetch(sid).status, carrier.fetch(sid).error_code) == ("failed", 21610)
    assert told(receiver) == ["failed"]


def test_the_journal_tells_the_story_without_its_words(
    carrier: Carrier, receiver: Receiver
) -> None:
    sid = send(carrier, receiver, Body="top-secret")
    carrier.advance()
    carrier.redact(sid)

    kinds = [event.kind for event in carrier.events]
    assert kinds == [Kind.STATUS, Kind.STATUS, Kind.STATUS, Kind.CALLBACK, Kind.STATUS,
                     Kind.CALLBACK, Kind.REDACTED]  # fmt: skip
    assert "top-secret" not in repr(carrier.events)
    assert {event.phone for event in carrier.events} == {PHONE}


def test_in_the_demo_time_passes_by_itself(account: Account, receiver: Receiver) -> None:
    carrier = Carrier.live(account, pace=Pace(0.01, 0.01, 0.01, 0.01))
    arrived = Signal()
    carrier.journal.listeners.append(
        lambda event, _: arrived.set() if event.facts.get("status") == "delivered" else None
    )
    try:
        sid = send(carrier, receiver)
        assert arrived.wait(5)
        assert carrier.fetch(sid).status is Status.DELIVERED
    finally:
        carrier.close()


def test_a_live_carrier_cannot_be_stepped(account: Account) -> None:
    carrier = Carrier.live(account)
    with pytest.raises(TypeError, match="real time"):
        carrier.advance()
    carrier.close()
