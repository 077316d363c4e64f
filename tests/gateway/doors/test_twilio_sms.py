"""The webhook for texts: who may knock, what is let in, and what is kept."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from gateway.carriers.twilio import WebhookSignatures
from gateway.policy import Scope
from gateway.records import InboundMessage
from simulator.twilio.webhooks import Answer
from tests.gateway.doors.conftest import PUBLIC_URL, TOKENS, Door, inbound, web_settings
from tests.gateway.engine.conversing import decide
from tests.world import STRANGER, World

EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


def test_a_signed_text_is_kept_and_answered_with_an_empty_response(door: Door) -> None:
    answer = door.sms()
    assert (answer.status_code, answer.data, answer.mimetype) == (200, EMPTY, "text/xml")
    assert door.kept() == (1, 1)


def test_redis_being_down_is_no_reason_to_refuse_a_text(door: Door) -> None:
    assert door.sms().status_code == 200
    assert door.kept() == (1, 1)


@pytest.mark.parametrize("token", TOKENS)
def test_either_token_counts_while_they_are_rotated(sqlite_door: Door, token: str) -> None:
    assert sqlite_door.post("/twilio/sms", inbound(), token=token).status_code == 200


@pytest.mark.parametrize(
    "signature",
    ["", "garbage", "é", "A" * 5000, "\udcff".encode("utf-8", "surrogatepass").decode("latin-1")],
)
def test_a_missing_or_garbled_signature_is_refused(sqlite_door: Door, signature: str) -> None:
    answer = sqlite_door.post("/twilio/sms", inbound(), signature=signature)
    assert answer.status_code == 403
    assert sqlite_door.kept() == (0, 0)


def test_no_signature_header_at_all_is_refused(sqlite_door: Door) -> None:
    assert sqlite_door.client.post("/twilio/sms", data=inbound()).status_code == 403


def test_a_foreign_token_is_refused(sqlite_door: Door) -> None:
    assert sqlite_door.post("/twilio/sms", inbound(), token="foreign").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example.com"},
        {"X-Forwarded-Host": "evil.example.com", "X-Forwarded-Proto": "http"},
        {"X-Forwarded-Prefix": "/evil", "X-Original-URL": "/evil"},
    ],
)
def test_headers_do_not_choose_what_is_verified(sqlite_door: Door, headers: dict[str, str]) -> None:
    assert sqlite_door.post("/twilio/sms", inbound(), headers=headers).status_code == 200
    url = "https://evil.example.com/twilio/sms"
    answer = sqlite_door.post("/twilio/sms", inbound(), url=url, headers=headers)
    assert answer.status_code == 403


def test_empty_unknown_and_repeated_parameters_are_part_of_the_signature(
    sqlite_door: Door,
) -> None:
    form: dict[str, Any] = {**inbound(Body="  RESET \n"), "New": "", "Twice": ["a", "b"]}
    answer = sqlite_door.post("/twilio/sms", form)
    assert answer.status_code == 200
    assert sqlite_door.kept() == (1, 1)


def test_connection_overrides_in_the_public_url_are_not_part_of_the_signature() -> None:
    settings = web_settings(public_url=f"{PUBLIC_URL}/#ct=2000&rc=2")
    assert settings.public_url == PUBLIC_URL


def test_other_methods_are_not_allowed(sqlite_door: Door) -> None:
    for method in ("get", "put", "delete", "patch"):
        assert getattr(sqlite_door.client, method)("/twilio/sms").status_code == 405


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_other_content_types_are_not_read(sqlite_door: Door, kind: str) -> None:
    answer = sqlite_door.client.post("/twilio/sms", data=b"{}", content_type=kind)
    assert answer.status_code == 415


def test_a_body_over_64_kib_is_refused(sqlite_door: Door) -> None:
    assert sqlite_door.post("/twilio/sms", inbound(Body="x" * 70_000)).status_code == 413
    assert sqlite_door.kept() == (0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"AccountSid": "AC" + "f" * 32},
        {"AccountSid": None},
        {"To": "+14155550999"},
        {"MessageSid": "SM123"},
        {"MessageSid": "XX" + "0" * 32},
        {"MessageSid": "SM" + "0" * 32 + "\n"},
        {"MessageSid": None},
        {"From": "whatsapp:+14155550111"},
        {"From": "RESETLINE"},
        {"From": "12345"},
        {"From": "+0123456789"},
        {"From": "+1415555011\uff11"},
        {"From": "+14155550111\n"},
        {"From": None},
        {"Body": "x" * 1601},
        {"Body": None},
        {"OptOutType": "MAYBE"},
    ],
)
def test_a_signed_request_of_another_shape_does_nothing(
    sqlite_door: Door, change: dict[str, str | None]
) -> None:
    answer = sqlite_door.post("/twilio/sms", inbound(**change))
    assert (answer.status_code, answer.data) == (200, EMPTY)
    assert sqlite_door.kept() == (0, 0)


def test_a_parameter_given_twice_does_nothing(sqlite_door: Door) -> None:
    form = {**inbound(), "From": [inbound()["From"], STRANGER]}
    assert sqlite_door.post("/twilio/sms", form).status_code == 200
    assert sqlite_door.kept() == (0, 0)


def test_a_captured_request_cut_into_other_parameters_does_nothing(sqlite_door: Door) -> None:
    """`A=1, B=2` and `A=1B2` are signed alike; the shapes of the fields tell them apart."""
    form = inbound(Body="hello")
    validator = RequestValidator(TOKENS[0])
    signature = validator.compute_signature(PUBLIC_URL + "/twilio/sms", form)
    recut = {**form, "AccountSid": form["AccountSid"] + "ApiVersion" + form["ApiVersion"]}
    del recut["ApiVersion"]
    assert validator.compute_signature(PUBLIC_URL + "/twilio/sms", recut) == signature
    assert sqlite_door.post("/twilio/sms", recut, signature=signature).status_code == 200
    assert sqlite_door.kept() == (0, 0)


def test_a_replay_after_a_day_has_no_effect(sqlite_door: Door) -> None:
    form = inbound()
    sqlite_door.post("/twilio/sms", form)
    sqlite_door.gateway.now.forward(86_400)  # type: ignore[attr-defined]  # a clock of the tests
    sqlite_door.post("/twilio/sms", form)
    upper = {**form, "MessageSid": "SM" + form["MessageSid"][2:].upper()}
    sqlite_door.post("/twilio/sms", upper)
    assert sqlite_door.kept() == (1, 1)


def test_twenty_simultaneous_duplicates_make_one_request(door: Door) -> None:
    form, answers = inbound(), []
    start = threading.Barrier(20)

    def knock() -> None:
        start.wait()
        answers.append(door.post("/twilio/sms", form).status_code)

    threads = [threading.Thread(target=knock) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 20
    assert door.kept() == (1, 1)


def test_twenty_simultaneous_texts_of_one_person_make_one_request(door: Door) -> None:
    start = threading.Barrier(20)

    def knock() -> None:
        start.wait()
        assert door.sms().status_code == 200

    threads = [threading.Thread(target=knock) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert door.kept() == (20, 1)


def test_a_text_from_a_stranger_is_kept_but_opens_nothing(sqlite_door: Door) -> None:
    answer = sqlite_door.sms(From=STRANGER)
    assert (answer.status_code, answer.data) == (200, EMPTY)
    assert sqlite_door.kept() == (1, 0)


def test_without_a_database_the_carrier_is_told_to_try_again(sqlite_door: Door) -> None:
    with sqlite_door.gateway.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE inbound_messages")
    answer = sqlite_door.sms()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


def test_the_body_is_not_kept_anywhere(sqlite_door: Door) -> None:
    sqlite_door.sms(Body="my old password was Sunflower99")
    with sqlite_door.gateway.database.transaction() as session:
        raw = session.connection().connection.driver_connection
        assert raw is not None
        assert "Sunflower99" not in "\n".join(raw.iterdump())
    assert sqlite_door.count(InboundMessage) == 1


def test_security_headers_are_on_every_answer(sqlite_door: Door) -> None:
    for answer in (sqlite_door.sms(), sqlite_door.client.get("/nothing-here")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


SIGNATURES = WebhookSignatures(PUBLIC_URL, web_settings().twilio_auth_token)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.text(),
    form=st.dictionaries(st.text(), st.lists(st.text(), min_size=1, max_size=3), max_size=5),
    signature=st.text(),
)
def test_nothing_but_a_true_signature_is_proved(
    path: str, form: dict[str, list[str]], signature: str
) -> None:
    assert not SIGNATURES.prove(path, MultiDict(form), signature)


def test_a_number_that_is_nobodys_is_told_whom_we_help_where_a_tenant_wants_it(
    sqlite_door: Door, world: World
) -> None:
    sqlite_door.gateway.__dict__["limits"] = world.limits
    assert sqlite_door.sms(From=STRANGER).data == EMPTY
    decide(world, "unknown_sender_reply", "on", Scope.TENANT)
    [message] = Answer(200, sqlite_door.sms(From=STRANGER).text).messages
    assert message.startswith("Account help: we help people")
    assert sqlite_door.sms(From=STRANGER).data == EMPTY
    assert sqlite_door.sms().data == EMPTY
