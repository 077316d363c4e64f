"""Several accounts on a phone, what was not them, strangers, opting out, and other languages."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from gateway.carriers import SendLater
from gateway.engine.inbound import InboundText, OptOutType
from gateway.phones import PhoneNumber
from gateway.policy import Scope
from gateway.records import Organization, Person, Tenant
from gateway.records.requests import RequestState
from tests.gateway.engine.conversing import (
    answer,
    asked,
    decide,
    events,
    password_in,
    people,
    share_phone,
)
from tests.world import MIA, OUR_NUMBER, SAM, STRANGER, World


@pytest.fixture
def shared(world: World) -> World:
    """Mia's phone is Sam's as well."""
    share_phone(world, "sam.ortiz")
    return world


def told(world: World, body: str, number: str = STRANGER, sid: str = "1") -> str:
    """What a number is told at once."""
    text = InboundText(f"SM{sid:0>32}", PhoneNumber(number), OUR_NUMBER, body)
    return world.inbox.receive(text)


def test_a_phone_with_several_accounts_is_asked_which(shared: World) -> None:
    assert "Text RESET and its place in this list: 1 mia.keller, 2 sam.ortiz." in answer(
        shared, "RESET"
    )
    assert password_in(answer(shared, "2")) == shared.sam.password
    assert shared.mia.passwords_set == []


@pytest.mark.parametrize("body", ["RESET 2", "reset 2!", "RESET sam.ortiz", "Reset SAM.ORTIZ"])
def test_who_says_which_at_once_is_not_asked(shared: World, body: str) -> None:
    assert password_in(answer(shared, body.removesuffix("!"))) == shared.sam.password


@pytest.mark.parametrize("body", ["RESET 3", "RESET 0", "RESET lee.wong", "3", "hello"])
def test_an_answer_that_is_none_changes_nothing(shared: World, body: str) -> None:
    answer(shared, "RESET")
    answer(shared, body)
    assert shared.mia.passwords_set == shared.sam.passwords_set == []


def test_the_question_is_forgotten_after_ten_minutes(shared: World) -> None:
    answer(shared, "UNLOCK")
    shared.clock.forward(601)
    shared.sam.locked = True
    answer(shared, "2")
    assert shared.sam.locked


def test_the_answer_is_for_what_was_asked(shared: World) -> None:
    shared.sam.locked = True
    answer(shared, "RESET")
    answer(shared, "UNLOCK")
    answer(shared, "sam.ortiz")
    assert not shared.sam.locked
    assert shared.sam.passwords_set == []


def test_with_a_word_the_account_is_named(shared: World) -> None:
    decide(shared, "confirm_by_word", "on")
    word = asked(shared, "RESET 2")
    assert "(sam.ortiz)" in shared.texts()[-1]
    assert password_in(answer(shared, word)) == shared.sam.password


def test_accounts_of_one_name_in_two_organizations_are_told_apart_to_the_phone_alone(
    world: World,
) -> None:
    with world.database.transaction() as session:
        other = Organization(
            tenant=session.scalars(select(Tenant)).one(),
            slug="contoso",
            name="Contoso",
            support="",
            created_at=world.clock(),
        )
        session.add(other)
        session.flush()
        session.execute(
            update(Person)
            .where(Person.username == "sam.ortiz")
            .values(username="mia.keller", username_key="mia.keller", organization_id=other.id)
        )
        sam = session.scalars(select(Person).where(Person.organization_id == other.id)).one()
        assert sam.username == "mia.keller"
    share_phone_of(world, "Contoso")
    listed = answer(world, "STATUS")
    assert "1 mia.keller Northwind" in listed
    assert "2 mia.keller Contoso" in listed
    assert "Northwind" not in answer(world, "STATUS", SAM)


def share_phone_of(world: World, organization: str) -> None:
    with world.database.transaction() as session:
        person = session.scalars(
            select(Person).join(Organization).where(Organization.name == organization)
        ).one()
        person.username = "for.now"
    share_phone(world, "for.now")
    with world.database.transaction() as session:
        session.execute(
            update(Person).where(Person.username == "for.now").values(username="mia.keller")
        )


def test_so_many_accounts_that_no_list_fits_are_asked_for_by_name(world: World) -> None:
    with world.database.transaction() as session:
        organization = session.scalars(select(Organization)).one()
        for n in range(12):
            session.add(
                Person(
                    tenant_id=organization.tenant_id,
                    organization=organization,
                    username=f"person{n}",
                    username_key=f"person{n}",
                    email="a@b.example",
                    self_serve=True,
                    created_at=world.clock(),
                )
            )
    for n in range(12):
        share_phone(world, f"person{n}")
    assert "Text RESET and your user name." in answer(world, "RESET")
    assert password_in(answer(world, "RESET mia.keller")) == world.mia.password


def test_whoever_says_that_it_was_not_them_is_helped_by_text_no_more(world: World) -> None:
    password = password_in(answer(world, "RESET"))
    world.clock.forward(60)
    assert "Help by text is now off" in answer(world, "NOTME")
    assert people(world)["mia.keller"].frozen_at
    assert people(world)["sam.ortiz"].frozen_at is None
    assert "help by text is turned off" in answer(world, "RESET")
    assert "person:frozen" in events(world)
    assert "not_me_msp" in {mail.template for mail in world.mails()}
    assert world.mia.passwords_set == [password]


def test_an_unused_one_time_password_is_made_useless(world: World) -> None:
    password = password_in(answer(world, "RESET"))
    sent = world.carrier.sent[-1]
    from tests.gateway.engine.conversing import report

    report(world, sent, "delivered")
    answer(world, "NOTME")
    world.settle(30)
    assert world.mia.password != password
    assert world.states()[0] is RequestState.SCRAMBLED


def test_a_word_that_is_awaited_is_of_no_use_afterwards(world: World) -> None:
    decide(world, "confirm_by_word", "on")
    word = asked(world)
    answer(world, "NOTME")
    answer(world, word)
    assert world.mia.passwords_set == []
    assert [(each.state, each.reason) for each in world.requests()] == [("expired", "disowned")]


def test_what_waits_for_a_worker_is_refused(world: World) -> None:
    world.text("RESET")
    world.text("NOTME")
    world.work()
    assert world.mia.passwords_set == []


def test_a_flood_cannot_keep_anybody_from_saying_that_it_was_not_them(world: World) -> None:
    for _ in range(40):
        world.text("NOT ME EITHER")
        world.text("RESET")
    world.text("NOTME")
    assert people(world)["mia.keller"].frozen_at


def test_strangers_hear_nothing_unless_a_tenant_wants_it_and_then_once_a_day(
    world: World,
) -> None:
    assert told(world, "RESET", sid="1") == ""
    decide(world, "unknown_sender_reply", "on", Scope.TENANT)
    first = told(world, "RESET", sid="2")
    assert first.startswith("Account help:")
    assert "Northwind" not in first
    assert told(world, "RESET", sid="3") == ""
    world.clock.forward(86_401)
    assert told(world, "hello", sid="4") == first
    assert told(world, "RESET", MIA, sid="5") == ""


def test_a_stranger_is_not_told_anything_where_nobody_can_count(world: World) -> None:
    decide(world, "unknown_sender_reply", "on", Scope.TENANT)
    world.limits.can_say = False
    assert told(world, "RESET") == ""


def test_where_the_carrier_answers_stop_we_are_silent(world: World) -> None:
    for body in ("STOP", "START"):
        world.text(body)
    world.text("STOP", opt_out_type=OptOutType.STOP)
    world.work()
    assert world.texts() == []


def test_where_nobody_else_does_we_answer_stop_and_start(world: World) -> None:
    world.carrier_answers = False
    assert "unsubscribed" in answer(world, "STOP")
    for body in ("STOP", "RESET", "HELP"):
        world.text(body)
    world.work()
    assert len(world.texts()) == 1
    assert world.mia.passwords_set == []
    assert "again" in answer(world, "START")
    assert password_in(answer(world, "RESET")) == world.mia.password


def test_where_nobody_else_does_a_stranger_is_unsubscribed_too(world: World) -> None:
    world.carrier_answers = False
    assert "unsubscribed" in told(world, "STOP")


def test_advanced_opt_out_has_answered_even_where_we_would(world: World) -> None:
    world.carrier_answers = False
    world.text("STOP", opt_out_type=OptOutType.STOP)
    world.work()
    assert world.texts() == []


def test_who_needs_a_second_persons_approval_is_not_helped_by_text(world: World) -> None:
    decide(world, "needs_approval", "on")
    world.mia.locked = True
    for body in ("RESET", "UNLOCK"):
        assert "second person" in answer(world, body)
    assert world.mia.locked
    assert "locked" in answer(world, "STATUS")


def test_every_text_about_a_change_tells_how_to_disown_it(world: World) -> None:
    world.mia.locked = True
    said = [answer(world, body) for body in ("UNLOCK", "UNLOCK", "RESET")]
    decide(world, "confirm_by_word", "on")
    said.append(answer(world, "RESET"))
    assert all(re.search(r"Not you\? Text NOTME\.$", each) for each in said)


def test_a_guess_stays_one_over_the_question_which_account(shared: World) -> None:
    answer(shared, "i forgot my password")
    assert "text back" in answer(shared, "1")
    assert shared.mia.passwords_set == []


def test_a_question_is_answered_once(shared: World) -> None:
    answer(shared, "RESET")
    answer(shared, "1")
    answer(shared, "1")
    assert len(shared.mia.passwords_set) == 1


def test_what_is_disowned_before_its_text_was_taken_is_made_useless(world: World) -> None:
    world.carrier.faults = [(SendLater(20429), False)] * 3
    world.text("RESET")
    world.work()
    world.text("NOTME")
    world.settle(60)
    told = [text for text in world.texts() if "next line" in text]
    assert all(password_in(text) != world.mia.password for text in told)


def test_it_can_be_disowned_after_a_stop(world: World) -> None:
    answer(world, "RESET")
    world.text("STOP")
    world.text("NOTME")
    world.settle(60)
    assert people(world)["mia.keller"].frozen_at
    assert world.states()[0] is RequestState.SCRAMBLED


def test_where_we_answer_start_ourselves_it_is_answered_once(world: World) -> None:
    world.carrier_answers = False
    answer(world, "STOP")
    for _ in range(5):
        world.text("START")
    world.work()
    assert len(world.texts()) == 2


def test_a_slip_that_could_be_of_several_languages_changes_none(world: World) -> None:
    assert "text back" in answer(world, "resett")
