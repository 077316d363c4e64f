"""One text and what becomes of it, with every part outside the engine a fake."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from directory.errors import (
    DirectoryBusy,
    DirectoryMisconfigured,
    DirectoryUnreachable,
    OutcomeUnknown,
    PasswordRejected,
    Refusal,
    RightMissing,
)
from gateway.carriers import (
    CarrierMisconfigured,
    RecipientOptedOut,
    SendLater,
    SendRefused,
    SendUnknown,
)
from gateway.engine.deliveries import Report
from gateway.engine.inbound import OptOutType
from gateway.records import Phone
from gateway.records.requests import RequestState
from tests.fakes import Crash, SentText
from tests.world import MIA, SAM, STRANGER, World


def password_in(text: str) -> str:
    """The password stands alone on a line of its own."""
    return next(line for line in text.splitlines() if "-" in line and " " not in line)


def test_reset_is_answered_with_the_password_that_the_directory_has(world_anywhere: World) -> None:
    world = world_anywhere
    world.text("RESET")
    world.work()
    [text] = world.texts()
    assert password_in(text) == world.mia.password
    assert world.mia.must_change
    assert world.states() == [RequestState.SENT]


def test_unlock_unlocks_and_leaves_the_password_alone(world_anywhere: World) -> None:
    world = world_anywhere
    world.mia.locked = True
    world.text("unlock")
    world.work()
    assert not world.mia.locked
    assert world.mia.passwords_set == []
    assert "unlocked" in world.texts()[0]


def test_unlock_of_an_account_that_is_not_locked_says_so(world: World) -> None:
    world.text("UNLOCK")
    world.work()
    assert "not locked" in world.texts()[0]


def test_a_second_delivery_of_the_same_text_changes_nothing(world_anywhere: World) -> None:
    world = world_anywhere
    sid = world.text("RESET")
    world.work()
    world.text("RESET", sid=sid)
    world.work()
    assert len(world.mia.passwords_set) == 1
    assert len(world.texts()) == 1


def test_a_stranger_gets_neither_an_answer_nor_an_effect(world: World) -> None:
    world.text("RESET", sender=STRANGER)
    world.work()
    world.settle()
    assert world.carrier.sent == []
    assert world.requests() == []


def test_a_second_reset_while_one_is_under_way_joins_it(world: World) -> None:
    world.text("RESET")
    world.text("RESET")
    world.work()
    assert len(world.requests()) == 1
    assert len(world.texts()) == 1


def test_another_wish_while_one_is_under_way_is_told_to_wait(world: World) -> None:
    world.text("RESET")
    world.text("UNLOCK")
    (reset, reset_id), (deliver, busy_id) = world.doorbell.take()
    world.functions[deliver](busy_id)
    world.functions[reset](reset_id)
    assert len(world.requests()) == 1
    assert ["working on" in text for text in world.texts()] == [True, False]


def test_nobody_is_told_to_wait_after_the_answer(world: World) -> None:
    world.text("RESET")
    world.text("UNLOCK")
    world.work()
    world.settle()
    assert [password_in(text) for text in world.texts()] == [world.mia.password]


def test_an_older_answer_never_comes_after_a_newer_one(world: World) -> None:
    world.directory.faults = [RightMissing("x")]
    world.carrier.faults = [(SendLater(20429), False)]
    world.text("RESET")
    world.work()
    world.text("RESET")
    world.work()
    world.settle()
    assert [password_in(text) for text in world.texts()] == [world.mia.password]


def test_an_unlock_that_may_have_happened_is_never_called_unchanged(world: World) -> None:
    world.mia.locked = True
    world.directory.faults = [None, OutcomeUnknown("cut off")]
    world.text("UNLOCK")
    world.work()
    world.directory.is_away = True
    world.settle(7 * 60)
    [text] = world.texts()
    assert not world.mia.locked
    assert "nothing was changed" not in text.lower()


def test_a_password_that_may_be_set_is_not_replaced_when_it_is_rejected(world: World) -> None:
    world.directory.faults = [None, OutcomeUnknown("cut off"), None, PasswordRejected("52D")]
    world.text("RESET")
    world.work()
    world.settle(30)
    [text] = world.texts()
    assert password_in(text) == world.mia.password
    assert "may" in text


@pytest.mark.parametrize("word", ["RESET", "UNLOCK"])
def test_a_phone_that_was_taken_away_meanwhile_gets_nothing_done(world: World, word: str) -> None:
    world.mia.locked = True
    world.text(word)
    with world.database.transaction() as session:
        session.execute(update(Phone).values(verified_at=None))
    world.work()
    world.settle()
    assert (world.mia.passwords_set, world.mia.locked) == ([], True)
    assert world.carrier.sent == []
    [request] = world.requests()
    assert (request.state, request.reason) == (RequestState.REFUSED, "phone_shut")


def test_a_stop_that_overtakes_a_reset_leaves_the_password_alone(world: World) -> None:
    world.text("RESET")
    world.text("STOP")
    world.work()
    assert world.mia.passwords_set == []


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


def test_a_carrier_that_fails_for_a_while_still_gets_the_password_through(world: World) -> None:
    world.carrier.faults = [(SendUnknown(), False)] * 3
    world.text("RESET")
    world.work()
    world.settle(120)
    assert [password_in(text) for text in world.texts()] == [world.mia.password]


def test_two_people_are_helped_side_by_side(world: World) -> None:
    world.text("RESET", sender=MIA)
    world.text("RESET", sender=SAM)
    world.work()
    assert password_in(world.texts(MIA)[0]) == world.mia.password
    assert password_in(world.texts(SAM)[0]) == world.sam.password


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_changes_nothing_and_only_a_disabled_account_is_named(
    world: World, refusal: Refusal
) -> None:
    world.mia.refusal = refusal
    world.text("RESET")
    world.work()
    [request] = world.requests()
    assert (request.state, request.reason) == (RequestState.REFUSED, refusal)
    assert world.mia.passwords_set == []
    is_named = refusal in {Refusal.DISABLED, Refusal.EXPIRED}
    assert ("disabled or has expired" in world.texts()[0]) == is_named
    assert is_named or "can't be helped by text" in world.texts()[0]


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


def test_a_request_that_waited_five_minutes_is_not_carried_out(world: World) -> None:
    world.text("RESET")
    world.clock.forward(301)
    world.work()
    assert world.states() == [RequestState.STALE]
    assert world.mia.passwords_set == []
    assert "nothing was changed" in world.texts()[0].lower()


@pytest.mark.parametrize("fault", [DirectoryUnreachable("down"), DirectoryBusy("busy")])
def test_a_directory_that_comes_back_is_waited_for(
    world: World, fault: DirectoryUnreachable
) -> None:
    world.directory.faults = [fault, fault]
    world.text("RESET")
    world.work()
    assert world.texts() == []
    world.settle(60)
    assert password_in(world.texts()[0]) == world.mia.password


def test_a_directory_that_stays_away_is_told_after_two_minutes(world: World) -> None:
    world.directory.faults = [DirectoryUnreachable("down")] * 100
    world.text("RESET")
    world.work()
    world.settle(4 * 60)
    [text] = world.texts()
    assert "nothing was changed" in text.lower()
    assert world.states() == [RequestState.FAILED]
    assert world.mia.passwords_set == []


@pytest.mark.parametrize("fault", [DirectoryMisconfigured("x"), RightMissing("x")])
def test_what_an_operator_has_to_mend_is_told_at_once(
    world: World, fault: DirectoryMisconfigured
) -> None:
    world.directory.faults = [fault]
    world.text("RESET")
    world.work()
    assert "nothing was changed" in world.texts()[0].lower()
    assert world.states() == [RequestState.FAILED]


@pytest.mark.parametrize("applied", [True, False])
def test_an_unknown_outcome_is_repeated_with_the_same_password(
    world: World, *, applied: bool
) -> None:
    world.directory.apply_before_unknown = applied
    world.directory.faults = [None, OutcomeUnknown("cut off")]
    world.text("RESET")
    world.work()
    world.settle(30)
    assert len(set(world.mia.passwords_set)) == 1
    assert [password_in(text) for text in world.texts()] == [world.mia.password]


def test_an_outcome_that_stays_unknown_is_told_with_the_password_that_may_be_set(
    world: World,
) -> None:
    world.directory.faults = [None, OutcomeUnknown("cut off")] + [DirectoryUnreachable("x")] * 100
    world.text("RESET")
    world.work()
    world.settle(7 * 60)
    [text] = world.texts()
    assert password_in(text) == world.mia.password
    assert "may" in text


def test_a_password_that_a_filter_rejects_is_replaced_by_another(world: World) -> None:
    world.directory.faults = [None, PasswordRejected("52D")]
    world.text("RESET")
    world.work()
    assert password_in(world.texts()[0]) == world.mia.password


def test_a_policy_that_rejects_every_password_changes_nothing(world: World) -> None:
    world.directory.faults = [None] + [PasswordRejected("52D")] * 3
    world.text("RESET")
    world.work()
    assert world.states() == [RequestState.FAILED]
    assert "nothing was changed" in world.texts()[0].lower()
    assert world.mia.passwords_set == []


def test_a_domain_whose_rules_no_password_meets_changes_nothing(world: World) -> None:
    world.mia.min_length = 200
    world.text("RESET")
    world.work()
    [request] = world.requests()
    assert (request.state, request.reason) == (RequestState.FAILED, "password_impossible")
    assert "nothing was changed" in world.texts()[0].lower()


@pytest.mark.parametrize("fault", [SendLater(20429), CarrierMisconfigured(20003)])
def test_a_text_that_was_not_taken_is_sent_again(world: World, fault: SendLater) -> None:
    world.carrier.faults = [(fault, False), (fault, False)]
    world.text("RESET")
    world.work()
    assert world.states() == [RequestState.APPLIED]
    world.settle(180)
    assert password_in(world.texts()[0]) == world.mia.password


@pytest.mark.parametrize("accepted", [True, False])
def test_after_an_unknown_send_the_same_password_is_told_again(
    world: World, *, accepted: bool
) -> None:
    world.carrier.faults = [(SendUnknown(), accepted)]
    world.text("RESET")
    world.work()
    world.settle(60)
    assert {password_in(text) for text in world.texts()} == {world.mia.password}
    assert len(world.texts()) == (2 if accepted else 1)


def test_a_number_that_cannot_be_texted_ends_undelivered(world: World) -> None:
    world.carrier.faults = [(SendRefused(21211), False)]
    world.text("RESET")
    world.work()
    [request] = world.requests()
    assert (request.state, request.reason) == (RequestState.UNDELIVERED, "refused_21211")


def test_stop_is_kept_silently_and_nothing_is_changed_after_it(world: World) -> None:
    world.text("STOP")
    world.text("RESET")
    world.work()
    world.settle()
    assert world.carrier.sent == []
    assert world.mia.passwords_set == []


def test_start_brings_the_texts_back(world: World) -> None:
    world.text("STOP")
    world.text("START")
    world.text("RESET")
    world.work()
    assert len(world.texts()) == 1


def test_a_stop_that_only_the_carrier_knows_is_remembered_too(world: World) -> None:
    world.carrier.faults = [(RecipientOptedOut(21610), False)]
    world.text("HELP")
    world.work()
    world.text("RESET")
    world.work()
    assert world.mia.passwords_set == []


def test_a_word_that_the_carrier_answered_is_not_answered_twice(world: World) -> None:
    world.text("HELP", opt_out_type=OptOutType.HELP)
    world.text("ARRETER", opt_out_type=OptOutType.STOP)
    world.text("RESET")
    world.work()
    assert world.carrier.sent == []
    assert world.mia.passwords_set == []


def test_help_and_anything_else_are_answered_without_touching_the_account(world: World) -> None:
    world.text("HELP")
    world.text("good morning")
    world.work()
    assert len(world.texts()) == 2
    assert world.requests() == []


def test_without_redis_the_clock_does_the_work(world: World) -> None:
    world.doorbell.silent = True
    world.text("RESET")
    world.settle(10)
    assert password_in(world.texts()[0]) == world.mia.password


def test_a_text_whose_ring_was_lost_is_answered_by_the_sweep(world: World) -> None:
    world.text("RESET")
    world.doorbell.take()
    world.settle(10)
    assert len(world.texts()) == 1


def test_a_worker_that_was_overtaken_changes_nothing_more(world: World) -> None:
    """It is stopped in the directory until its lease has gone and another has finished."""
    world.text("RESET")
    [(_, request_id)] = world.doorbell.take()
    original = world.directory.find

    def stopped_meanwhile(username: str) -> object:
        world.directory.find = original  # type: ignore[method-assign]
        world.clock.forward(31)
        world.performer.perform(request_id)
        return original(username)

    world.directory.find = stopped_meanwhile  # type: ignore[method-assign,assignment]
    world.performer.perform(request_id)
    assert len(world.mia.passwords_set) == 1
    assert password_in(world.texts()[0]) == world.mia.password
    assert len(world.texts()) == 1


def test_a_lease_keeps_a_second_worker_away(world: World) -> None:
    world.text("RESET")
    [(job, request_id)] = world.doorbell.take()
    original = world.directory.find

    def meanwhile(username: str) -> object:
        world.directory.find = original  # type: ignore[method-assign]
        world.functions[job](request_id)
        return original(username)

    world.directory.find = meanwhile  # type: ignore[method-assign,assignment]
    world.functions[job](request_id)
    assert len(world.texts()) == 1


def test_times_are_kept_aware(world_anywhere: World) -> None:
    world_anywhere.text("RESET")
    assert world_anywhere.requests()[0].created_at == world_anywhere.clock()
    assert world_anywhere.requests()[0].created_at.utcoffset() == timedelta(0)


def test_a_text_that_is_reported_after_its_copy_was_emptied_is_let_alone(world: World) -> None:
    world.text("RESET")
    world.work()
    [sent] = world.carrier.sent
    world.settle(11 * 60, step=20)
    assert world.carrier.redacted == [sent.sid]
    world.deliveries.report(Report(sent.sid, "delivered", None, sent.message_id))
    world.settle(60)
    assert world.carrier.redacted == [sent.sid]
