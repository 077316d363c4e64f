"""A fresh link goes to the address on record, and ends none that is in use."""

from __future__ import annotations

from string import ascii_letters, digits

from gateway.engine.enrolment.refusals import StepRefused
from gateway.records.audit import Event
from gateway.records.invitations import InvitationEnd, end_invitations
from gateway.records.people import Suspension
from gateway.records.suspending import suspend, unsuspend
from tests.gateway.engine.enrolment.conftest import (
    Newcomer,
    events,
    mails,
)

HOUR, DAY = 3600, 24 * 3600


def test_a_fresh_link_goes_to_the_address_on_record_and_the_old_one_stays_dead(
    nina: Newcomer,
) -> None:
    old = nina.invited()
    nina.world.clock.forward(2 * DAY - 60)
    nina.world.enrolment.renewing.ask(old, "192.0.2.7")
    nina.world.work()
    assert len(mails(nina.world, "activation")) == 2
    assert nina.newest_link() != old
    assert (nina.is_dead(old), nina.is_dead()) == (True, False)


def test_a_fresh_link_for_who_has_enrolled_is_one_to_change_the_number(nina: Newcomer) -> None:
    nina.enrols()
    nina.world.clock.forward(2 * DAY)
    nina.world.enrolment.renewing.ask(nina.token, "192.0.2.7")
    nina.world.work()
    assert len(mails(nina.world, "activation_again")) == 1


def test_a_revoked_link_brings_no_fresh_one(nina: Newcomer) -> None:
    nina.invited()
    with nina.world.database.transaction() as session:
        person = nina.person(session)
        end_invitations(session, person.id, InvitationEnd.REVOKED, nina.world.clock())
    assert nina.is_dead()
    nina.world.enrolment.renewing.ask(nina.token, "192.0.2.7")
    nina.world.settle(10)
    assert len(mails(nina.world, "activation")) == 1


def test_an_older_link_brings_no_fresh_one_once_the_newest_was_revoked(nina: Newcomer) -> None:
    older = nina.invited()
    nina.world.clock.forward(3600)
    nina.invited()
    with nina.world.database.transaction() as session:
        person = nina.person(session)
        end_invitations(session, person.id, InvitationEnd.REVOKED, nina.world.clock())
    nina.world.enrolment.renewing.ask(older, "192.0.2.7")
    nina.world.settle(10)
    assert len(mails(nina.world, "activation")) == 2


def test_a_link_dies_when_the_address_that_it_went_to_is_corrected(nina: Newcomer) -> None:
    nina.invited()
    with nina.world.database.transaction() as session:
        nina.person(session).display_name = "Nina A."
    assert not nina.is_dead()
    with nina.world.database.transaction() as session:
        nina.person(session).email = "the.right.nina@northwind.example"
    assert nina.is_dead()


def test_a_fresh_link_goes_to_the_corrected_address_and_reminders_follow(nina: Newcomer) -> None:
    nina.invited()
    _corrected(nina, "the.right.nina@northwind.example")
    nina.world.settle(10)
    assert [letter.to.whole for letter in nina.world.mailer.sent][-1] == (
        "the.right.nina@northwind.example"
    )
    nina.newest_link()
    assert not nina.is_dead()
    assert len(mails(nina.world, "activation")) == 2
    nina.world.clock.forward(2 * DAY)
    nina.world.settle(10)
    assert len(mails(nina.world, "activation_reminder")) == 1


def test_a_corrected_address_brings_no_mail_to_who_has_enrolled_or_was_revoked(
    nina: Newcomer, mia: Newcomer
) -> None:
    mia.invited()
    nina.invited()
    with nina.world.database.transaction() as session:
        person = nina.person(session)
        end_invitations(session, person.id, InvitationEnd.REVOKED, nina.world.clock())
    nina.world.settle(10)
    for each in (nina, mia):
        _corrected(each, f"the.right.{each.username}@northwind.example")
        assert each.is_dead()
    nina.world.settle(10)
    assert len(nina.world.mailer.sent) == 1


def test_who_lost_their_address_counts_as_not_invited(nina: Newcomer) -> None:
    """So that the next invitation of everybody takes them, once they have one."""
    nina.invited()
    _corrected(nina, "")
    nina.world.settle(10)
    with nina.world.database.reading() as session:
        assert nina.person(session).invited_at is None


def test_who_was_suspended_and_comes_back_gets_a_fresh_link_if_they_had_not_enrolled(
    nina: Newcomer, mia: Newcomer
) -> None:
    mia.invited()
    nina.invited()
    nina.world.settle(10)
    for each in (nina, mia):
        _suspended_for_a_day(each)
    nina.world.settle(10)
    assert len(mails(nina.world, "activation")) == 2
    assert len(mails(nina.world, "activation_again")) == 1
    nina.newest_link()
    assert not nina.is_dead()


def test_asking_with_a_made_up_link_does_the_same_and_writes_to_nobody(nina: Newcomer) -> None:
    nina.world.enrolment.renewing.ask("made-up", "192.0.2.7")
    nina.world.settle(10)
    assert len(events(nina.world, Event.LINK_REFRESHED)) == 1
    assert nina.world.mails() == []


def test_fresh_links_come_at_most_so_often(nina: Newcomer) -> None:
    nina.invited()
    asked = []
    for _ in range(60):
        nina.world.clock.forward(5 * 60)
        asked.append(_may_ask(nina))
    assert sum(asked) == 3


def test_old_links_of_one_person_bring_one_mail_within_ten_minutes(nina: Newcomer) -> None:
    tokens = [nina.invited() for _ in range(3)]
    nina.world.clock.forward(2 * DAY - 3600)
    for token in tokens:
        nina.world.enrolment.renewing.ask(token, "192.0.2.7")
        nina.world.settle(10)
    assert len(mails(nina.world, "activation")) == len(tokens) + 1


def test_an_old_link_does_not_end_the_one_with_which_a_code_is_being_typed(
    everywhere: Newcomer,
) -> None:
    nina = everywhere
    old = nina.invited()
    nina.world.clock.forward(HOUR)
    nina.invited()
    nina.world.clock.forward(HOUR)
    nina.asks_for_a_code()
    nina.world.enrolment.renewing.ask(old, "192.0.2.7")
    nina.world.settle(10)
    nina.types(nina.codes()[0])
    assert nina.verified() == ["code"]
    assert len(mails(nina.world, "activation")) == 2


def test_an_old_link_brings_a_fresh_one_once_the_code_is_too_old(nina: Newcomer) -> None:
    old = nina.invited()
    nina.world.clock.forward(HOUR)
    nina.asks_for_a_code()
    nina.world.clock.forward(HOUR)
    nina.world.enrolment.renewing.ask(old, "192.0.2.7")
    nina.world.settle(10)
    assert len(mails(nina.world, "activation")) == 2


def test_a_person_gets_three_fresh_links_a_day_however_many_old_ones_are_used(
    everywhere: Newcomer,
) -> None:
    nina = everywhere
    old = [nina.invited() for _ in range(6)]
    nina.world.clock.forward(2 * DAY - HOUR)
    nina.invited()
    for token in old:
        nina.world.clock.forward(11 * 60)
        nina.world.enrolment.renewing.ask(token, "192.0.2.7")
        nina.world.settle(10)
    assert len(mails(nina.world, "activation")) == len(old) + 1 + 3
    nina.world.clock.forward(DAY)
    nina.world.enrolment.renewing.ask(old[0], "192.0.2.7")
    nina.world.settle(10)
    assert len(mails(nina.world, "activation")) == len(old) + 1 + 4


def test_a_link_written_in_another_way_is_counted_as_the_same(nina: Newcomer) -> None:
    token = nina.invited()
    named = nina.world.links.named(token)
    twins = [token[:-1] + letter for letter in ascii_letters + digits + "-_"]
    known = [each for each in twins if not nina.is_dead(each)]
    assert token in known
    assert {nina.world.links.named(each) for each in known} == {named}


def _corrected(newcomer: Newcomer, email: str) -> None:
    with newcomer.world.database.transaction() as session:
        newcomer.person(session).email = email


def _suspended_for_a_day(newcomer: Newcomer) -> None:
    world = newcomer.world
    with world.database.transaction() as session:
        person = newcomer.person(session)
        suspend(session, person, Suspension.DISABLED, world.clock(), mode="cli")
    world.clock.forward(DAY)
    with world.database.transaction() as session:
        unsuspend(session, newcomer.person(session), world.clock(), mode="cli")


def _may_ask(nina: Newcomer) -> bool:
    try:
        nina.world.enrolment.renewing.ask(nina.token, "192.0.2.7")
    except StepRefused:
        return False
    return True
