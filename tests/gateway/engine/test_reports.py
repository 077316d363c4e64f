"""Reports of the carrier, in whatever order, end a request and empty the copies of its text."""

from __future__ import annotations

import pytest

from gateway.carriers import (
    SendUnknown,
)
from gateway.engine.deliveries import Report
from gateway.records.requests import RequestState
from tests.fakes import Crash, SentText
from tests.world import World


def test_a_report_that_a_crash_left_lying_is_applied_all_the_same(world: World) -> None:
    world.text("RESET")
    world.work()
    sid = world.carrier.sent[0].sid
    world.failpoints.passed, world.failpoints.dies_at = 0, 2
    with pytest.raises(Crash):
        world.deliveries.report(Report(sid, "undelivered", 30003))
    world.restarted()
    world.deliveries.report(Report(sid, "undelivered", 30003))
    assert world.states() == [RequestState.UNDELIVERED]


def test_a_delivered_answer_ends_the_request_and_erases_the_password(world: World) -> None:
    world.text("RESET")
    world.work()
    sid = world.carrier.sent[0].sid
    world.deliveries.report(Report(sid, "delivered", None))
    world.settle(5)
    [request] = world.requests()
    assert request.state == RequestState.DONE
    assert request.sealed_password is None
    assert world.carrier.redacted == [sid]


def test_without_any_report_the_password_is_erased_and_the_copy_emptied(world: World) -> None:
    world.text("RESET")
    world.work()
    world.settle(11 * 60)
    assert world.requests()[0].sealed_password is None
    assert world.carrier.redacted == [world.carrier.sent[0].sid]


def test_a_report_that_comes_before_the_send_call_returned_is_not_lost(world: World) -> None:
    def report_first(text: SentText) -> None:
        world.deliveries.report(Report(text.sid, "delivered", None, text.message_id))

    world.carrier.on_send = report_first
    world.text("RESET")
    world.work()
    assert world.states() == [RequestState.DONE]
    assert len(world.texts()) == 1


def test_a_report_makes_up_for_an_answer_that_was_lost(world: World) -> None:
    """The carrier took the text and its answer did not come: no second text is needed."""
    world.carrier.faults = [(SendUnknown(), True)]
    world.text("RESET")
    world.work()
    [sent] = world.carrier.sent
    world.deliveries.report(Report(sent.sid, "sent", None, sent.message_id))
    world.settle(120)
    assert len(world.texts()) == 1
    world.deliveries.report(Report(sent.sid, "delivered", None, sent.message_id))
    assert world.states() == [RequestState.DONE]


def test_both_copies_of_a_text_that_was_sent_twice_are_emptied(world: World) -> None:
    world.carrier.faults = [(SendUnknown(), True)]
    world.text("RESET")
    world.work()
    world.settle(10)
    first, second = world.carrier.sent
    for copy in (second, first):
        world.deliveries.report(Report(copy.sid, "delivered", None, copy.message_id))
    world.settle(12 * 60, step=20)
    assert sorted(world.carrier.redacted) == sorted([first.sid, second.sid])


def test_a_carrier_that_never_reports_is_asked(world: World) -> None:
    world.text("RESET")
    world.work()
    world.carrier.statuses[world.carrier.sent[0].sid] = "delivered"
    world.settle(60)
    assert world.states() == [RequestState.DONE]


def test_a_network_that_never_confirms_ends_the_request_unconfirmed(world: World) -> None:
    world.text("RESET")
    world.work()
    world.settle(25 * 60, step=20)
    [request] = world.requests()
    assert (request.state, request.reason) == (RequestState.DONE, "unconfirmed")


def test_late_reports_never_move_a_text_back(world: World) -> None:
    world.text("RESET")
    world.work()
    sid = world.carrier.sent[0].sid
    for status in ("delivered", "sent", "queued", "undelivered", "delivered"):
        world.deliveries.report(Report(sid, status, None))
    assert world.states() == [RequestState.DONE]


def test_an_undelivered_password_text_is_said_loudly(world: World) -> None:
    world.text("RESET")
    world.work()
    world.deliveries.report(Report(world.carrier.sent[0].sid, "undelivered", 30003))
    [request] = world.requests()
    assert (request.state, request.reason) == (RequestState.UNDELIVERED, "30003")
    assert request.sealed_password is None


def test_a_text_that_is_reported_after_its_copy_was_emptied_is_let_alone(world: World) -> None:
    world.text("RESET")
    world.work()
    [sent] = world.carrier.sent
    world.settle(11 * 60, step=20)
    assert world.carrier.redacted == [sent.sid]
    world.deliveries.report(Report(sent.sid, "delivered", None, sent.message_id))
    world.settle(60)
    assert world.carrier.redacted == [sent.sid]
