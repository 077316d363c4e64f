"""Texting to learn who is known here, by what is said and by what it costs us."""

from __future__ import annotations

import pytest
from sqlalchemy import event, update

from gateway.engine.inbound import InboundText
from gateway.limits import Limit, Verdict
from gateway.phones import PhoneNumber
from gateway.policy import Scope
from gateway.records import Person
from tests.fakes import FakeLimits
from tests.gateway.doors.conftest import Door
from tests.gateway.engine.conversing import decide
from tests.world import MIA, OUR_NUMBER, STRANGER, World

BODIES = ("RESET", "UNLOCK", "STATUS", "HELP", "NOTME", "lemon", "mia.keller", "RESET mia.keller")


@pytest.mark.parametrize("body", BODIES)
def test_a_stranger_hears_nothing_whatever_they_name(world: World, body: str) -> None:
    """Wanted: to hear whether mia.keller exists, works here or is disabled. Got: no answer."""
    heard = [told(world, "+14155550200", body)]
    with world.database.transaction() as session:
        session.execute(update(Person).values(self_serve=False))
    heard.append(told(world, "+14155550201", body))
    world.work()
    assert heard == ["", ""]
    assert world.carrier.sent == []


@pytest.mark.parametrize("body", BODIES)
def test_where_strangers_are_answered_they_hear_the_same_whatever_they_name(
    world: World, body: str
) -> None:
    """Wanted: to tell a name that exists from one that does not. Got: the same words for both."""
    decide(world, "unknown_sender_reply", "on", Scope.TENANT)
    names = {"+14155550200": "mia.keller", "+14155550201": "nobody.atall"}
    heard = {
        told(world, number, body.replace("mia.keller", name)) for number, name in names.items()
    }
    assert len(heard) == 1
    assert heard.pop().startswith("Account help:")


@pytest.mark.parametrize("body", ["RESET", "lemon", "HELP"])
def test_the_webhook_answers_alike_whoever_texts(door: Door, body: str) -> None:
    """Wanted: to read from our answer whose number it is. Got: the same bytes and headers."""
    seen = [door.sms(From=number, Body=body) for number in (MIA, STRANGER)]
    assert seen[0].status_code == seen[1].status_code
    assert seen[0].data == seen[1].data
    assert dict(seen[0].headers) == dict(seen[1].headers)


def test_a_number_is_counted_alike_and_before_it_is_looked_up(world: World) -> None:
    """Wanted: to tell by what is counted or asked first. Got: the same, and no query before."""
    known, unknown = (seen_on_the_way(world, number) for number in (MIA, STRANGER))
    assert known[:3] == unknown[:3] == ["delivery", "texts_per_sender", "texts"]
    assert set(known[3:]) == set(unknown[3:]) == {"query"}


def seen_on_the_way(world: World, number: str) -> list[str]:
    """The limits that one text is counted against, and the queries, in order."""
    limits, seen = Listening(world.limits), list[str]()
    limits.seen = seen
    world.__dict__.update(limits=limits)
    world.restarted()

    def asked(*_: object) -> None:
        seen.append("query")

    engine = world.database.engine
    event.listen(engine, "before_cursor_execute", asked)
    world.text("RESET", number)
    event.remove(engine, "before_cursor_execute", asked)
    return seen


class Listening(FakeLimits):
    """Limits that keep which of them was taken."""

    def __init__(self, limits: FakeLimits) -> None:
        super().__init__(limits.clock)
        self.seen: list[str] = []

    def take(self, limit: Limit, key: str) -> Verdict:
        self.seen.append(limit.name)
        return super().take(limit, key)


def told(world: World, number: str, body: str) -> str:
    """What a number is told at once."""
    text = InboundText("SM" + number[1:].zfill(32), PhoneNumber(number), OUR_NUMBER, body)
    return world.inbox.receive(text)
