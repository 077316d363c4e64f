"""What the figures say while people wait, while something is broken, and when all is well."""

from __future__ import annotations

import math
import threading

import pytest
from sqlalchemy import text

from directory.errors import OutcomeUnknown
from gateway.carriers import CarrierMisconfigured, SendLater, SendUnknown
from gateway.engine.bookkeeping import keep_books
from gateway.engine.deliveries import Report
from gateway.engine.doorbell import QueueName
from gateway.engine.pulse import CLOCK, Pulse
from gateway.monitoring.queues import COUNTS
from gateway.records import tallies
from gateway.records.database import Database
from tests.gateway.engine.sync.test_syncing import schedule
from tests.gateway.monitoring.conftest import Watcher
from tests.world import SAM, World


def reset(world: World) -> None:
    world.text("RESET")
    world.work()


def reported(world: World, status: str, code: int | None = None) -> None:
    world.deliveries.report(Report(world.carrier.sent[-1].sid, status, code))


def test_people_who_wait_are_seen_however_often_they_are_rung_for(
    world_anywhere: World, watcher: Watcher
) -> None:
    world_anywhere.text("RESET")
    for _ in range(24):
        world_anywhere.clock.forward(5)
        world_anywhere.sweeps.run()  # and no worker listens
    figures = watcher.scrape()
    assert figures["resetline_queue_depth{interactive}"] == 1
    assert figures["resetline_queue_age_seconds{interactive}"] == 120
    assert figures["resetline_oldest_request_seconds"] == 120
    assert figures["resetline_requests{reset,queued}"] == 1
    queues = watcher.ready()["queues"]
    assert queues["interactive"] == {"waiting": 1, "oldest_seconds": 120}


def test_an_answer_that_twilio_does_not_take_waits_too(
    world_anywhere: World, watcher: Watcher
) -> None:
    world_anywhere.carrier.faults = [
        (CarrierMisconfigured(21606), False),
        (SendLater(20429), False),
    ]
    reset(world_anywhere)
    world_anywhere.text("UNLOCK", SAM)
    world_anywhere.work()
    world_anywhere.clock.forward(3)
    figures = watcher.scrape()
    assert figures["resetline_queue_depth{interactive}"] == 2
    assert figures["resetline_oldest_unsent_text_seconds"] == 3
    assert figures["resetline_waiting_texts{21606,misconfigured}"] == 1
    assert figures["resetline_waiting_texts{20429,later}"] == 1


def test_nobody_waits_once_all_are_answered(world_anywhere: World, watcher: Watcher) -> None:
    reset(world_anywhere)
    reported(world_anywhere, "delivered")
    world_anywhere.settle(5)
    figures = watcher.scrape()
    for queue in QueueName:
        assert figures[f"resetline_queue_depth{{{queue}}}"] == 0
        assert figures[f"resetline_queue_age_seconds{{{queue}}}"] == 0
    assert figures["resetline_requests{reset,done}"] == 1
    assert figures["resetline_untold_passwords"] == 0


def test_a_password_that_was_set_and_did_not_arrive_is_untold_for_an_hour(
    world_anywhere: World, watcher: Watcher
) -> None:
    reset(world_anywhere)
    reported(world_anywhere, "undelivered", 30003)
    figures = watcher.scrape()
    assert figures["resetline_untold_passwords"] == 1
    assert figures["resetline_events_total{reply:undelivered,30003}"] == 1
    world_anywhere.clock.forward(3601)
    assert watcher.scrape()["resetline_untold_passwords"] == 0


def test_an_unlock_whose_answer_did_not_arrive_leaves_no_password_untold(
    world_anywhere: World, watcher: Watcher
) -> None:
    world_anywhere.text("UNLOCK")
    world_anywhere.work()
    reported(world_anywhere, "undelivered", 30003)
    assert watcher.scrape()["resetline_untold_passwords"] == 0


def test_a_copy_that_is_not_emptied_in_time_is_seen(
    world_anywhere: World, watcher: Watcher
) -> None:
    reset(world_anywhere)
    world_anywhere.clock.forward(599)
    assert watcher.scrape()["resetline_queue_depth{maintenance}"] == 0
    world_anywhere.clock.forward(302)
    world_anywhere.sweeps.run()  # which puts the row off, and nobody listens
    figures = watcher.scrape()
    assert figures["resetline_queue_depth{maintenance}"] == 1
    assert figures["resetline_queue_age_seconds{maintenance}"] == 301
    assert figures["resetline_unredacted_texts"] == 1
    world_anywhere.work()
    assert watcher.scrape()["resetline_unredacted_texts"] == 0


def test_a_copy_that_twilio_does_not_tell_of_is_seen(
    world_anywhere: World, watcher: Watcher
) -> None:
    world_anywhere.carrier.faults = [(SendUnknown(), True)]
    reset(world_anywhere)
    world_anywhere.carrier.keeps_to_itself = True
    world_anywhere.settle(29 * 60, step=60)
    assert watcher.scrape()["resetline_unredacted_texts"] == 0
    world_anywhere.clock.forward(120)
    figures = watcher.scrape()
    assert figures["resetline_unredacted_texts"] == 1
    assert figures["resetline_queue_age_seconds{maintenance}"] == 60
    world_anywhere.carrier.keeps_to_itself = False
    world_anywhere.settle(3600, step=300)
    assert watcher.scrape()["resetline_unredacted_texts"] == 0


def test_an_outcome_that_nobody_knows_is_counted(world_anywhere: World, watcher: Watcher) -> None:
    world_anywhere.directory.faults = [OutcomeUnknown("hung up")] * 200
    reset(world_anywhere)
    world_anywhere.settle(330)
    key = "resetline_events_total{password:reset:uncertain,outcome_unknown}"
    assert watcher.scrape()[key] == 1


def test_every_event_is_there_before_the_first_of_its_kind(watcher: Watcher) -> None:
    """An alert that asks for an increase would not see one from nothing to one."""
    assert watcher.scrape()["resetline_events_total{reply:undelivered,}"] == 0


def test_the_counters_are_the_same_before_and_after_they_are_summed_up(
    world_anywhere: World, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "AT_ONCE", 3)
    counted = []
    for _ in range(4):
        reset(world_anywhere)
        reported(world_anywhere, "delivered")
        counted.append(events(watcher))
    for _ in range(10):
        world_anywhere.clock.forward(61)
        keep_books(world_anywhere.database, world_anywhere.clock())
        counted.append(events(watcher))
    assert counted[3]["resetline_events_total{request:opened,reset}"] == 4
    assert all(each == counted[3] for each in counted[4:])


def test_a_counter_never_goes_back_and_forgets_nothing_when_the_history_is_deleted(
    world_anywhere: World, watcher: Watcher
) -> None:
    reset(world_anywhere)
    before = events(watcher)
    world_anywhere.clock.forward(61)
    keep_books(world_anywhere.database, world_anywhere.clock())
    with world_anywhere.database.transaction() as session:
        session.execute(text("DELETE FROM audit_events"))
    assert events(watcher) == before


def test_two_clocks_count_each_event_once(world_anywhere: World, watcher: Watcher) -> None:
    for _ in range(5):
        reset(world_anywhere)
        reported(world_anywhere, "delivered")
    before = events(watcher)
    world_anywhere.clock.forward(61)
    clocks = [Database(world_anywhere.database_url) for _ in range(4)]
    threads = [
        threading.Thread(target=keep_books, args=(each, world_anywhere.clock())) for each in clocks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in clocks:
        each.close()
    assert events(watcher) == before


def events(watcher: Watcher) -> dict[str, float]:
    """All that have happened at all."""
    found = watcher.scrape()
    return {name: found[name] for name in found if "_events_total" in name and found[name]}


def test_a_sweep_that_never_ended_or_ended_long_ago_is_overdue(
    world_anywhere: World, watcher: Watcher
) -> None:
    assert watcher.scrape()["resetline_last_sweep_seconds"] == math.inf
    assert watcher.ready()["sweep"] == {"overdue": True, "ended_seconds_ago": None}
    world_anywhere.sweeps.run()
    world_anywhere.clock.forward(60)
    assert watcher.ready()["sweep"] == {"overdue": False, "ended_seconds_ago": 60}
    world_anywhere.clock.forward(1)
    assert watcher.ready()["sweep"]["overdue"]
    assert watcher.scrape()["resetline_last_sweep_seconds"] == 61


def test_each_kind_of_process_tells_when_it_was_last_heard_of(
    world_anywhere: World, watcher: Watcher
) -> None:
    pulse = Pulse(world_anywhere.database, CLOCK, world_anywhere.clock)
    pulse.beat()
    world_anywhere.clock.forward(14)
    pulse.beat()  # too soon to be worth a write
    figures = watcher.scrape()
    assert figures["resetline_process_silent_seconds{clock}"] == 14
    assert figures["resetline_process_silent_seconds{worker.interactive}"] == math.inf


def test_every_queue_is_counted() -> None:
    assert set(COUNTS) == set(QueueName)


def test_events_that_nobody_seals_grow_old(world_anywhere: World, watcher: Watcher) -> None:
    world_anywhere.text("HELP")
    reset(world_anywhere)
    world_anywhere.settle(120)
    assert watcher.scrape()["resetline_oldest_unsealed_event_seconds"] == 120
    world_anywhere.seals_the_audit = True
    world_anywhere.restarted()
    world_anywhere.settle(5)
    assert watcher.scrape()["resetline_oldest_unsealed_event_seconds"] == 0


def test_a_directory_sync_that_does_not_succeed_is_overdue(
    world_anywhere: World, watcher: Watcher
) -> None:
    """Failed runs are repeated, which is no reason to count from anew."""
    name = "resetline_directory_sync_overdue_seconds"
    assert watcher.scrape()[name] == 0
    schedule(world_anywhere)
    world_anywhere.directory.is_away = True
    for _ in range(8):
        world_anywhere.clock.forward(15 * 60)
        world_anywhere.sweeps.run()
        world_anywhere.work()
    assert watcher.scrape()[name] == 60 * 60
    world_anywhere.directory.is_away = False
    world_anywhere.clock.forward(15 * 60)
    world_anywhere.sweeps.run()
    world_anywhere.work()
    assert watcher.scrape()[name] == 0
