"""A phone is looked up before a reset where the policy says so, and doubt is kept from thieves."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from structlog.testing import capture_logs

from directory.errors import OutcomeUnknown
from gateway.carriers.lookup import (
    LineType,
    LookedUp,
    LookupFailed,
    SimSwap,
    Wanted,
    WhyNot,
)
from gateway.carriers.twilio_lookup import TwilioLookup
from gateway.policy import Scope
from gateway.records import Organization
from gateway.records.requests import RequestState
from simulator.twilio import Account, Carrier, serving
from simulator.twilio.api import blueprint
from tests.gateway.doors.conftest import ACCOUNT_SID, TOKENS, web_settings
from tests.gateway.engine.test_notices import ALERTS, body, mailed
from tests.gateway.engine.test_permissions import answer, decide
from tests.texts import password_in
from tests.world import MIA, SAM, World

MOBILE, LANDLINE, VOIP, OTHER = LineType
NO_ANSWER = LookupFailed(WhyNot.UNAVAILABLE)
REFUSED = (
    "Northwind: we can't reset your password over this phone just now. "
    "Nothing was changed. Please call your help desk."
)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def swapped(world: World, hours_ago: float) -> LookedUp:
    return LookedUp(MOBILE, SimSwap(last_at=world.clock() - hours(hours_ago)))


def refused(world: World) -> str | None:
    """The reason for which Mia was refused, or None where she got a password."""
    told = answer(world, "RESET")
    request = world.requests()[-1]
    if request.state != RequestState.REFUSED:
        assert password_in(told) == world.mia.password
        return None
    assert told == REFUSED
    assert world.mia.passwords_set == []
    return request.reason


def alert_somebody(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(Organization).values(alert_email=ALERTS))


def test_nobody_is_asked_until_somebody_wants_it(world: World) -> None:
    world.lookup.tells = LookedUp(LANDLINE)
    assert refused(world) is None
    assert world.lookup.asked == []


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("line_type", Wanted(line_type=True, sim_swap=False)),
        ("sim_swap", Wanted(line_type=False, sim_swap=True)),
        ("both", Wanted(line_type=True, sim_swap=True)),
    ],
)
def test_what_the_policy_names_is_asked_of_the_number_that_texted(
    world: World, policy: str, wanted: Wanted
) -> None:
    world.lookup.tells = swapped(world, 1000)
    decide(world, "lookup", policy)
    assert refused(world) is None
    assert world.lookup.asked == [(MIA, wanted)]


@pytest.mark.parametrize("word", ["UNLOCK", "STATUS", "HELP"])
def test_only_a_reset_is_looked_up(world: World, word: str) -> None:
    world.lookup.tells = NO_ANSWER
    decide(world, "lookup", "both")
    answer(world, word)
    assert world.lookup.asked == []


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (MOBILE, None),
        (LANDLINE, "line_type"),
        (VOIP, "line_type"),
        (OTHER, "line_type"),
        (None, "lookup_failed"),
    ],
)
def test_only_a_mobile_phone_gets_a_password(
    world_anywhere: World, kind: LineType | None, reason: str | None
) -> None:
    world_anywhere.lookup.tells = LookedUp(kind)
    decide(world_anywhere, "lookup", "line_type")
    assert refused(world_anywhere) == reason


@pytest.mark.parametrize(
    ("ago", "limit", "reason"),
    [
        (1, None, "sim_swapped"),
        (71, None, "sim_swapped"),
        (72, None, None),
        (-1, None, "sim_swapped"),
        (25, "24", None),
        (25, "168", "sim_swapped"),
    ],
)
def test_a_fresh_sim_gets_no_password_for_as_long_as_is_decided(
    world: World, ago: float, limit: str | None, reason: str | None
) -> None:
    world.lookup.tells = swapped(world, ago)
    decide(world, "lookup", "sim_swap")
    if limit:
        decide(world, "sim_swap_hours", limit)
    assert refused(world) == reason


@pytest.mark.parametrize(
    ("swap", "reason"),
    [
        (SimSwap(None, hours(72), was_swapped=True), "sim_swapped"),
        (SimSwap(None, hours(1000), was_swapped=True), "sim_swapped"),
        (SimSwap(None, None, was_swapped=True), "sim_swapped"),
        (SimSwap(None, hours(72), was_swapped=False), None),
        (SimSwap(None, hours(24), was_swapped=False), "lookup_failed"),
        (SimSwap(None, None, was_swapped=False), "lookup_failed"),
        (SimSwap(), "lookup_failed"),
        (None, "lookup_failed"),
    ],
)
def test_a_carrier_that_tells_no_time_is_believed_as_far_as_it_looks(
    world: World, swap: SimSwap | None, reason: str | None
) -> None:
    world.lookup.tells = LookedUp(MOBILE, swap)
    decide(world, "lookup", "both")
    assert refused(world) == reason


@pytest.mark.parametrize("told", [NO_ANSWER, LookedUp(), LookedUp(MOBILE, code=60620)])
@pytest.mark.parametrize(
    ("fails", "reason"), [(None, "lookup_failed"), ("closed", "lookup_failed"), ("open", None)]
)
def test_where_nothing_can_be_told_the_policy_decides(
    world: World, told: LookedUp | LookupFailed, fails: str | None, reason: str | None
) -> None:
    world.lookup.tells = told
    decide(world, "lookup", "both")
    if fails:
        decide(world, "lookup_fails", fails)
    assert refused(world) == reason


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (LookedUp(LANDLINE, None), "line_type"),
        (LookedUp(None, SimSwap(was_swapped=True)), "sim_swapped"),
        (LookedUp(LANDLINE, SimSwap(was_swapped=True)), "sim_swapped"),
    ],
)
def test_what_is_known_to_be_wrong_is_refused_even_where_the_rest_fails_open(
    world: World, told: LookedUp, reason: str
) -> None:
    world.lookup.tells = told
    decide(world, "lookup", "both")
    decide(world, "lookup_fails", "open")
    assert refused(world) == reason


def test_it_can_be_decided_for_one_person(world: World) -> None:
    world.lookup.tells = LookedUp(VOIP)
    decide(world, "lookup", "line_type", Scope.PERSON)
    assert refused(world) == "line_type"
    assert password_in(answer(world, "RESET", SAM)) == world.sam.password


def test_who_may_not_reset_anyway_costs_no_look_up(world: World) -> None:
    decide(world, "lookup", "both")
    decide(world, "reset_by_sms", "off")
    answer(world, "RESET")
    assert world.lookup.asked == []


def test_a_directory_that_is_away_is_tried_again_for_one_look_up(world: World) -> None:
    decide(world, "lookup", "line_type")
    world.directory.is_away = True
    world.text("RESET")
    world.work()
    world.settle(30)
    world.directory.is_away = False
    world.settle(10)
    assert password_in(world.texts()[-1]) == world.mia.password
    assert len(world.lookup.asked) == 1


def test_a_worker_that_dies_asks_again(world: World) -> None:
    decide(world, "lookup", "line_type")
    world.directory.is_away = True
    world.text("RESET")
    world.work()
    world.lookup.tells = LookedUp(VOIP)
    world.restarted()
    world.settle(10)
    assert [request.reason for request in world.requests()] == ["line_type"]
    assert world.texts() == [REFUSED]


def test_what_the_directory_may_have_heard_of_is_told_whatever_the_phone_is_by_then(
    world: World,
) -> None:
    """The password may be set: to say that nothing was changed would be a lie."""
    decide(world, "lookup", "line_type")
    world.directory.faults = [None, OutcomeUnknown("cut off")]
    world.text("RESET")
    world.work()
    world.lookup.tells = LookedUp(VOIP)
    world.restarted()
    world.settle(30)
    assert [password_in(text) for text in world.texts()] == [world.mia.password]


def test_no_transaction_is_open_while_the_carrier_is_asked(world: World) -> None:
    """SQLite lets one write at a time: with one open, this would wait and fail."""

    class Writing:
        def look(self, number: str, wanted: Wanted) -> LookedUp:
            decide(world, "notify_msp", "on")
            return LookedUp(MOBILE)

    decide(world, "lookup", "line_type")
    world.__dict__["lookup"] = Writing()
    assert refused(world) is None


def test_whose_sim_is_new_hears_of_it_where_a_thief_does_not_look(world: World) -> None:
    world.lookup.tells = swapped(world, 2)
    decide(world, "lookup", "sim_swap")
    alert_somebody(world)
    refused(world)
    world.settle(10)
    person, msp = body(world), body(world, ALERTS)
    assert "On 2 Mar 2026 09:00 UTC somebody texted RESET from your phone number" in person
    assert "Nothing was changed, and no password was sent." in msp
    assert "Account: mia.keller" in msp
    assert MIA[-4:] not in person + msp


def test_who_wants_no_notifications_gets_none_and_the_alert_contact_does(world: World) -> None:
    world.lookup.tells = swapped(world, 2)
    decide(world, "lookup", "sim_swap")
    decide(world, "notifications", "off")
    alert_somebody(world)
    refused(world)
    world.settle(10)
    assert [address for address, _ in mailed(world)] == [ALERTS]


@pytest.mark.parametrize("told", [LookedUp(VOIP), NO_ANSWER])
def test_another_refusal_is_no_alarm(world: World, told: LookedUp | LookupFailed) -> None:
    world.lookup.tells = told
    decide(world, "lookup", "both")
    refused(world)
    assert world.mails() == []


def test_a_refusal_is_logged_with_its_reason_and_without_the_number(world: World) -> None:
    decide(world, "lookup", "both")
    world.lookup.tells = LookupFailed(WhyNot.NOT_ALLOWED, 60606)
    with capture_logs() as lines:
        refused(world)
    [line] = [each for each in lines if each["event"] == "request.phone_doubted"]
    assert line["log_level"] == "warning"
    assert (line["reason"], line["refused"]) == ("lookup_failed", True)
    assert (line["why"], line["code"]) == ("not_allowed", 60606)
    assert MIA.lstrip("+") not in str(lines)


@pytest.mark.parametrize(
    ("line", "fault", "fails", "reason"),
    [
        ({"swapped_hours_ago": 2}, None, "open", "sim_swapped"),
        ({"type": "nonFixedVoip"}, None, "open", "line_type"),
        ({}, "drop", "closed", "lookup_failed"),
        ({}, "drop", "open", None),
        ({"swapped_hours_ago": None, "sim_error": 60620}, None, "closed", "lookup_failed"),
        ({"swapped_hours_ago": None}, None, "open", None),
        ({}, None, "closed", None),
    ],
)
def test_a_reset_with_the_real_look_up_at_a_simulated_twilio(
    world: World,
    caplog: pytest.LogCaptureFixture,
    line: dict[str, object],
    fault: str | None,
    fails: str,
    reason: str | None,
) -> None:
    caplog.set_level(logging.DEBUG)
    twilio = Carrier(Account(ACCOUNT_SID, TOKENS[0]), post=lambda _request: 204)
    world.clock.time = twilio.timetable.now()
    twilio.lookups.set(MIA, **line)
    if fault:
        twilio.faults.answer(fault, operation="lookup")  # type: ignore[arg-type]
    app = Flask("twilio")
    app.register_blueprint(blueprint(twilio))
    decide(world, "lookup", "both")
    decide(world, "lookup_fails", fails)
    with serving(app) as url:
        world.__dict__["lookup"] = TwilioLookup(web_settings(twilio_api_url=url))
        assert refused(world) == reason
    ours = [record for record in caplog.records if not record.name.startswith("urllib3")]
    assert MIA.lstrip("+") not in "".join(record.getMessage() for record in ours)
