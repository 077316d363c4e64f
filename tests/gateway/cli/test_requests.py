"""Requests as operators see them: listed, told as a story, and rung for anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import update

from directory.errors import DirectoryUnreachable, Refusal
from gateway.carriers import CarrierMisconfigured, SendLater
from gateway.carriers.twilio import CODES
from gateway.carriers.twilio_codes import PLAIN, meaning_of
from gateway.cli import storage
from gateway.cli.request_words import MEANING, WHY_NOT
from gateway.cli.times import since
from gateway.engine.deliveries import Report
from gateway.engine.doorbell import JobName, QueueName
from gateway.records import Mail, Request
from gateway.records.requests import RequestState
from tests.gateway.cli.conftest import Terminal
from tests.gateway.monitoring.conftest import Watcher
from tests.redis_server import RedisServer
from tests.texts import password_in
from tests.world import MIA, SAM, World

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def office(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal that looks into the world's records, at the world's time."""
    monkeypatch.setattr(storage, "now", world.clock)
    terminal = Terminal(tmp_path)
    terminal.environment = {
        "DATABASE_URL": world.database_url,
        "SECRET_KEYS": world.secret_key,
        "REDIS_URL": NOWHERE,
        "PUBLIC_URL": "https://reset.example.com",
        "TWILIO_ACCOUNT_SID": "AC" + "5" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+12025550100",
    }
    return terminal


def listed(terminal: Terminal, *options: str) -> list[tuple[int, str]]:
    rows = terminal.json("requests", "list", *options, "--json")
    return [(row["id"], row["state"]) for row in rows]


def delivered(world: World, *, code: int | None = None) -> None:
    """The carrier reports what became of the newest text."""
    status = "undelivered" if code else "delivered"
    world.deliveries.report(Report(world.carrier.sent[-1].sid, status, code))


def reset(world: World, sender: str = MIA) -> None:
    world.text("RESET", sender)
    world.work()


def told(terminal: Terminal, request_id: int = 1) -> dict[str, Any]:
    shown: dict[str, Any] = terminal.json("requests", "show", str(request_id), "--json")
    return shown


def test_requests_are_listed_newest_first(world: World, office: Terminal) -> None:
    reset(world)
    delivered(world)
    world.text("UNLOCK", SAM)
    assert listed(office) == [(2, "queued"), (1, "done")]
    table = office.run("requests", "list", "northwind").splitlines()
    assert table[0].split()[:5] == ["id", "organization", "username", "action", "state"]
    assert table[1].split()[:5] == ["2", "northwind", "sam.ortiz", "unlock", "queued"]


def test_a_list_is_read_page_by_page(world: World, office: Terminal) -> None:
    for _ in range(5):
        reset(world)
        delivered(world)
    first = office.enter("requests", "list", "--limit", "2", "--json")
    assert [row["id"] for row in json.loads(first.stdout)] == [5, 4]
    assert "go on with --before 4" in first.stderr
    last = office.enter("requests", "list", "--limit", "3", "--before", "4", "--json")
    assert [row["id"] for row in json.loads(last.stdout)] == [3, 2, 1]
    assert last.stderr == ""


def test_a_list_can_be_narrowed_to_a_state_and_a_time(world: World, office: Terminal) -> None:
    reset(world)
    delivered(world, code=30003)
    world.clock.forward(7200)
    reset(world)
    delivered(world)
    assert listed(office, "--state", "undelivered") == [(1, "undelivered")]
    assert listed(office, "--since", "90m") == [(2, "done")]
    assert listed(office, "--since", "3h") == [(2, "done"), (1, "undelivered")]
    assert listed(office, "--since", "2026-03-02T10:00") == [(2, "done")]
    assert listed(office, "--since", "2026-03-03") == []
    assert "no such requests" in office.run("requests", "list", "--state", "failed")


def test_only_those_who_have_waited_for_over_a_minute_are_stuck(
    world: World, office: Terminal
) -> None:
    world.text("RESET")
    assert listed(office, "--stuck") == []
    world.clock.forward(61)
    world.text("RESET", SAM)
    assert listed(office, "--stuck") == [(1, "queued")]


def test_a_refusal_that_could_not_be_told_yet_is_stuck_too(world: World, office: Terminal) -> None:
    world.mia.refusal = Refusal.DISABLED
    world.carrier.faults = [(SendLater(20429), False)]
    reset(world)
    world.clock.forward(61)
    assert listed(office, "--stuck") == [(1, "refused")]


@pytest.mark.parametrize("wrong", ["yesterday", "5", "999999d", "-1h", "2026-13-01"])
def test_a_time_that_nobody_understands_is_said(office: Terminal, wrong: str) -> None:
    said = office.refused("requests", "list", f"--since={wrong}", status=2)
    assert "is no time: write 90m, 12h or 7d" in said


def test_unknown_names_are_said_with_what_there_is(world: World, office: Terminal) -> None:
    assert "did you mean northwind?" in office.refused("requests", "list", "northwin")
    for command in ("show", "retry"):
        assert "there is no request 7" in office.refused("requests", command, "7")


def test_the_story_of_a_reset_is_told_whole(world: World, office: Terminal) -> None:
    reset(world)
    world.clock.forward(3)
    delivered(world)
    world.sweeps.run()
    world.work()
    story = told(office)
    assert (story["state"], story["phone"], story["attempts"]) == ("done", "+1***0111", 1)
    assert [each["what"] for each in story["timeline"]] == [
        "text received",
        "request:opened",
        "password:reset:succeeded",
        "answer 1 written",
        "mail 1 written",
        "reply:accepted",
        "mail:sent",
        "reply:delivered",
        "reply:redacted",
    ]
    assert story["answers"][0]["template"] == "reset_done"
    assert story["answers"][0]["copy_emptied_at"] == "2026-03-02T09:00:03+00:00"


def test_a_story_is_drawn_as_a_small_timeline(world: World, office: Terminal) -> None:
    reset(world)
    world.clock.forward(3)
    delivered(world, code=30003)
    drawing = office.run("requests", "show", "1").splitlines()
    assert drawing[0] == ("Request 1: reset for mia.keller of northwind, texted from +1***0111")
    assert drawing[1].startswith("  undelivered (30003): the directory did it, or may have done it")
    assert "error 30003: the phone was off or out of reach" in drawing[2]
    assert "2026-03-02 09:00:00 UTC  ┌ text received: it opened the request" in drawing
    assert drawing[-1] == (
        "2026-03-02 09:00:03 UTC  └ reply:undelivered: 30003, the phone was off or out of reach"
    )


def test_no_story_tells_a_password_or_a_number(world: World, office: Terminal) -> None:
    """Not even while the password is still kept for sending it again."""
    reset(world)
    password = password_in(world.texts()[-1])
    shown = office.run("requests", "show", "1") + office.run("requests", "show", "1", "--json")
    listing = office.run("requests", "list") + office.run("requests", "list", "--json")
    assert "its password is still kept, sealed" in shown
    for secret in (password, MIA, world.requests()[0].sealed_password):
        assert secret
        assert secret not in shown + listing


def test_a_mail_about_a_request_is_part_of_its_story(world: World, office: Terminal) -> None:
    reset(world)
    world.clock.forward(1)
    now = world.clock()
    mail = Mail(
        tenant_id=1,
        organization_id=1,
        request_id=1,
        recipient="msp",
        template="untold",
        language="en",
        facts={},
        key="k",
        error="refused",
        attempt=2,
        ring_at=now,
        created_at=now,
        expires_at=now,
    )
    with world.database.transaction() as session:
        session.add(mail)
    drawing = office.run("requests", "show", "1").splitlines()
    assert "  mail 1 to the person: password_reset, waiting; not tried yet" in drawing
    assert "  mail 2 to the msp: untold, waiting, refused; tried 2 times" in drawing
    assert "2026-03-02 09:00:01 UTC  └ mail 2 written: untold" in drawing
    world.clock.forward(60)
    watcher = Watcher(world)
    assert watcher.ready()["queues"]["mail"] == {"waiting": 2, "oldest_seconds": 61}
    watcher.close()


def test_what_waits_is_said_with_what_comes_next(world: World, office: Terminal) -> None:
    world.text("RESET")
    assert office.run("requests", "show", "1").splitlines()[-1] == (
        "the clock rings for it after 2026-03-02 09:00:05 UTC"
    )


def rings(redis_server: RedisServer) -> list[tuple[str, int]]:
    with redis_server.client() as client:
        queue = Queue(QueueName.INTERACTIVE, connection=client, serializer=JSONSerializer)
        return [(str(job.func_name), job.args[0]) for job in queue.jobs]


def test_a_request_that_nobody_took_up_is_rung_for_at_once(
    world: World, office: Terminal, redis_server: RedisServer
) -> None:
    world.text("RESET")
    world.doorbell.take()
    office.environment["REDIS_URL"] = redis_server.url
    assert "a worker takes it up now" in office.run("requests", "retry", "1")
    assert rings(redis_server) == [(JobName.PERFORM, 1)]
    assert "request:retried: by an operator" in office.run("requests", "show", "1")


def test_an_answer_that_twilio_did_not_take_is_rung_for_at_once(
    world: World, office: Terminal, redis_server: RedisServer
) -> None:
    world.carrier.faults = [(CarrierMisconfigured(21606), False)]
    reset(world)
    office.environment["REDIS_URL"] = redis_server.url
    assert "error 21606: our number is not one of the account's" in office.run(
        "requests", "show", "1"
    )
    office.run("requests", "retry", "1")
    assert rings(redis_server) == [(JobName.DELIVER, 1)]
    world.replies.deliver(1)
    assert password_in(world.texts()[-1]) == world.mia.password


def test_without_redis_the_next_sweep_does_it(world: World, office: Terminal) -> None:
    world.directory.is_away = True
    reset(world)
    world.directory.is_away = False
    result = office.enter("requests", "retry", "1")
    assert "the clock takes it up within 5 seconds" in result.stderr
    world.sweeps.run()
    world.work()
    assert world.states() == [RequestState.SENT]


def test_a_request_in_a_workers_hands_is_left_to_it(world: World, office: Terminal) -> None:
    world.text("RESET")
    lease = world.clock() + timedelta(seconds=30)
    with world.database.transaction() as session:
        session.execute(update(Request).values(state="applying", lease_until=lease))
    said = office.refused("requests", "retry", "1")
    assert "in a worker's hands until 09:00:30 UTC" in said
    assert "request:retried" not in office.events()
    world.clock.forward(31)
    assert office.enter("requests", "retry", "1").exit_code == 0


@pytest.mark.parametrize(
    ("code", "advice"),
    [(None, "its answer was delivered"), (30003, "nothing of it is kept to be told again")],
)
def test_what_has_ended_is_not_repeated_and_it_is_said_why(
    world: World, office: Terminal, code: int | None, advice: str
) -> None:
    reset(world)
    delivered(world, code=code)
    said = office.refused("requests", "retry", "1")
    assert advice in said
    assert "the person texts again" in said
    assert len(world.texts()) == 1
    assert "request:retried" not in office.events()


def test_a_request_that_failed_is_not_repeated_either(world: World, office: Terminal) -> None:
    world.directory.faults = [DirectoryUnreachable("away")] * 50
    reset(world)
    world.settle(300)
    assert world.states() == [RequestState.FAILED]
    assert "the person texts again" in office.refused("requests", "retry", "1")


def test_every_state_is_explained() -> None:
    states: Sequence[str] = [state.value for state in RequestState]
    assert set(states) <= set(MEANING)
    assert set(states) - {"queued", "applying"} <= set(WHY_NOT)


def test_every_code_that_means_something_to_us_is_explained() -> None:
    assert set(CODES) <= set(PLAIN)
    assert meaning_of(12345) == "see https://www.twilio.com/docs/api/errors/12345"


NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@given(st.text(max_size=30))
def test_whatever_is_typed_as_a_time_is_one_or_is_refused(text: str) -> None:
    try:
        found = since(text, NOW)
    except ValueError:
        return
    assert found.tzinfo is not None


@given(st.integers(0, 99999), st.sampled_from([("m", 60), ("h", 3600), ("d", 86400)]))
def test_how_long_ago_is_counted_back_from_now(count: int, unit: tuple[str, int]) -> None:
    assert (NOW - since(f"{count}{unit[0]}", NOW)).total_seconds() == count * unit[1]


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_time_without_a_zone_is_in_utc(at: datetime) -> None:
    assert since(at.isoformat(), NOW) == at.replace(tzinfo=UTC)
