"""What the activation pages answer to whoever has no business there, and what they never tell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from gateway.carriers import OurLine
from gateway.records import Organization
from tests.gateway.doors.enrolment.activation import Visitor, visited
from tests.gateway.engine.enrolment.conftest import Newcomer, add_person, other_than, policy
from tests.world import MIA, World


def test_a_dead_link_sets_no_cookie_and_stands_nowhere_in_its_page(visitor: Visitor) -> None:
    answer = visitor.get("number", token="a-made-up-link")
    assert "Set-Cookie" not in answer.headers
    assert "a-made-up-link" not in answer.text
    assert 'action="fresh"' in answer.text


@pytest.mark.parametrize("page", ["", "fresh"])
def test_the_form_of_a_dead_link_works_wherever_it_is_shown(visitor: Visitor, page: str) -> None:
    answer = visitor.post(page, token="a-made-up-link")
    assert (answer.status_code, answer.location) == (303, "/activate/a-made-up-link/fresh")


def test_a_fresh_link_that_was_asked_for_already_is_in_the_mail(visitor: Visitor) -> None:
    tokens = (visitor.nina.token, "a-made-up-link")
    first = [visitor.post("fresh", token=token).status_code for token in tokens]
    again = [visitor.post("fresh", token=token) for token in tokens]
    assert first == [303, 303]
    assert {(each.status_code, each.text) for each in again} == {(429, again[0].text)}
    assert "look at your mail first" in again[0].text
    assert again[0].headers["Retry-After"] == "600"


def test_another_site_cannot_ask_for_a_fresh_link(visitor: Visitor) -> None:
    answer = visitor.post("fresh", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 422
    assert not visitor.nina.world.doorbell.take()


def test_whoever_has_to_come_back_later_is_told_when(visitor: Visitor) -> None:
    visitor.types_number()
    visitor.get("code")
    early = visitor.post("again")
    assert (early.status_code, early.headers["Retry-After"]) == (429, "120")
    visitor.nina.world.limits.can_say = False
    away = visitor.get()
    assert (away.status_code, away.headers["Retry-After"]) == (503, "30")


def test_nobody_is_told_to_wait_for_a_code_that_was_not_sent(visitor: Visitor) -> None:
    world = visitor.nina.world
    world.text("STOP", sender=MIA)
    assert "Text START from it" in visitor.types_number(MIA).text
    world.text("START", sender=MIA)
    world.clock.forward(30)
    early = visitor.types_number(MIA)
    assert early.status_code == 429
    assert "A code to this number can be asked for again in 2 minutes" in early.text
    assert "was sent" not in early.text
    world.clock.forward(90)
    assert visitor.types_number(MIA).status_code == 303


def test_three_wrong_codes_say_when_a_new_one_can_be_sent(visitor: Visitor) -> None:
    visitor.types_number()
    wrong = other_than(visitor.nina.codes()[0])
    visitor.get("code")
    spent = [visitor.post("code", {"code": wrong}) for _ in range(3)][-1]
    assert "send yourself a new one in 2 minutes." in spent.text
    visitor.nina.world.clock.forward(30)
    early = visitor.types_number().text
    assert "A code to this number can be asked for again in 2 minutes." in early
    assert "was sent" not in early
    visitor.nina.world.clock.forward(90)
    assert visitor.types_number().status_code == 303
    assert len(visitor.nina.codes()) == 2


def test_what_others_have_spent_is_not_held_against_anybody(visitor: Visitor) -> None:
    world = visitor.nina.world
    policy(world, codes_per_day="1")
    set_support(world, "+1 415 555 0100")
    visitor.types_number()
    visitor.nina.token = add_person(world, "an.innocent").invited()
    refused = visitor.types_number("(415) 555-0180")
    assert refused.status_code == 429
    assert "it need not have been you" in refused.text
    assert "in 24 hours, or call +1 415 555 0100." in refused.text
    assert "was sent" not in refused.text
    assert "too often" not in refused.text


def test_a_field_that_is_sent_twice_counts_as_not_filled_in(visitor: Visitor) -> None:
    visitor.get("number")
    twice: Any = {"number": ["4155550177", "4155550178"], "country": "US", "agrees": "yes"}
    answer = visitor.post("number", twice)
    assert "This number cannot be used" in answer.text
    assert not visitor.nina.world.carrier.sent


def test_nobody_has_agreed_to_words_that_their_page_did_not_show(visitor: Visitor) -> None:
    answer = visitor.types_number(wording="")
    assert (answer.status_code, "Tick the box" in answer.text) == (422, True)


def test_a_form_that_is_too_large_or_of_another_kind_is_answered_in_words(
    visitor: Visitor,
) -> None:
    visitor.get("number")
    large = visitor.post("number", {"number": "1" * 100_000})
    assert (large.status_code, "cannot be taken" in large.text) == (413, True)
    put = visitor.client.put(f"/activate/{visitor.nina.token}/code")
    assert (put.status_code, "cannot be taken" in put.text) == (405, True)
    assert "POST" in put.headers["Allow"]


@pytest.mark.parametrize("asked", ["de-CH,de;q=0.9", "*", "", "../../etc", "en;q=x"])
def test_who_is_not_known_is_answered_in_a_language_that_we_have(
    visitor: Visitor, asked: str
) -> None:
    answer = visitor.get(token="made-up", headers={"Accept-Language": asked})
    assert '<html lang="en">' in answer.text


def test_without_a_number_of_our_own_nothing_is_promised_of_one(
    world: World, nina: Newcomer
) -> None:
    """A Messaging Service alone has numbers that we do not know."""
    service = "MG" + "0" * 32
    world.__dict__["enrolment"] = replace(world.enrolment, line=OurLine(service, ""))
    with visited(world, nina, twilio_from=(), twilio_messaging_service_sid=(service,)) as visitor:
        welcome = visitor.get()
        visitor.types_number()
        visitor.post("code", {"code": nina.codes()[0]})
        done = visitor.get("done")
        assert visitor.get("contact.vcf").status_code == 404
    assert "Our texts come from" not in welcome.text
    assert "sms:" not in done.text
    assert "answer the text" in done.text


def set_support(world: World, support: str) -> None:
    with world.database.transaction() as session:
        session.execute(update(Organization).values(support=support))
