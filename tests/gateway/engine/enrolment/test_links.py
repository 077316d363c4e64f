"""A link lets in whoever has it, for one purpose and a time, and never by accident."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.orm import Session

from gateway.engine.enrolment.inviting import Left
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step
from gateway.links import Links, Signed
from gateway.mail import MailLater
from gateway.records.invitations import InvitationEnd
from gateway.seal import new_key
from tests.gateway.engine.enrolment.conftest import (
    OTHER,
    Newcomer,
    add_person,
    invitations,
    mails,
    policy,
)

HOUR, DAY = 3600, 24 * 3600

LINKS = Links([SecretStr(new_key())], "https://reset.example.com")


def test_looking_at_a_link_changes_nothing(nina: Newcomer) -> None:
    nina.invited()
    before = [vars(each) for each in invitations(nina.world)]
    for _ in range(50):
        assert nina.step is Step.NUMBER
    after = [vars(each) for each in invitations(nina.world)]
    assert _plain(after) == _plain(before)


def test_a_link_dies_after_a_day_or_as_the_policy_says(nina: Newcomer) -> None:
    nina.invited()
    nina.world.clock.forward(DAY - 1)
    assert not nina.is_dead()
    nina.world.clock.forward(1)
    assert nina.is_dead()
    policy(nina.world, link_hours="2")
    nina.invited()
    nina.world.clock.forward(2 * HOUR)
    assert nina.is_dead()


def test_a_mail_that_was_long_on_its_way_carries_a_link_whose_time_begins_now(
    nina: Newcomer,
) -> None:
    policy(nina.world, link_hours="1")
    nina.invite()
    nina.world.mailer.faults = [(MailLater("put_off", 452), False)] * 9
    nina.world.settle(6 * HOUR, step=300)  # waits are random: nine take two to five
    [letter] = nina.world.mailer.sent
    [mail], [invitation] = nina.world.mails(), invitations(nina.world)
    assert mail.sent_at
    assert invitation.expires_at - mail.sent_at == timedelta(hours=1)
    assert mail.sent_at - mail.created_at > timedelta(hours=1)
    assert f"{invitation.expires_at:%H:%M} UTC" in letter.body.get_secret_value()
    nina.token = letter.body.get_secret_value().partition("/activate/")[2].split()[0]
    nina.world.clock.time = mail.sent_at + timedelta(minutes=59)
    assert nina.step is Step.NUMBER
    nina.world.clock.forward(60)
    assert nina.is_dead()


def test_sending_a_mail_once_more_shortens_no_time_that_an_approval_has(nina: Newcomer) -> None:
    policy(nina.world, enrol_proof="operator")
    nina.enrols()
    [invitation] = invitations(nina.world)
    nina.world.link(invitation.id)
    assert invitations(nina.world)[0].expires_at == invitation.expires_at


def test_an_older_link_is_dead_once_a_newer_one_is_sent(nina: Newcomer) -> None:
    older = nina.invited()
    newer = nina.invited()
    assert (nina.is_dead(older), nina.is_dead(newer)) == (True, False)
    assert [each.ended_for for each in invitations(nina.world)] == [InvitationEnd.NEWER, ""]


def test_a_link_works_once_and_then_shows_that_all_is_done(nina: Newcomer) -> None:
    nina.enrols()
    assert nina.step is Step.DONE
    with pytest.raises(StepRefused) as refused:
        nina.asks_for_a_code(OTHER)
    assert refused.value.reason is not None
    assert nina.codes(OTHER) == []
    nina.world.clock.forward(DAY)
    assert nina.is_dead()


def test_a_used_link_shows_nothing_any_more_once_there_is_a_newer_one(
    everywhere: Newcomer,
) -> None:
    """Its number may be theirs no more."""
    nina = everywhere
    nina.enrols()
    used = nina.token
    assert nina.step is Step.DONE
    nina.invited()
    assert (nina.is_dead(used), nina.is_dead()) == (True, False)
    nina.asks_for_a_code(OTHER)
    nina.types(nina.codes(OTHER)[-1])
    assert (nina.is_dead(used), nina.step) == (True, Step.DONE)


def test_a_used_link_of_somebody_else_shows_how_it_ended(nina: Newcomer) -> None:
    nina.enrols()
    add_person(nina.world, "other.one").invited()
    assert nina.step is Step.DONE


def test_a_link_is_dead_while_its_person_is_suspended(nina: Newcomer) -> None:
    nina.invited()
    nina.changed(suspended_at=nina.world.clock(), suspended_for="operator")
    assert nina.is_dead()
    assert nina.invite().left is Left.SUSPENDED


def test_suspended_while_the_code_is_typed_nothing_is_proved(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    nina.changed(suspended_at=nina.world.clock(), suspended_for="gone")
    assert nina.refused_code(nina.codes()[0]).reason is Reason.LINK_DEAD
    assert nina.verified() == []


def test_who_cannot_be_written_to_is_left_out(nina: Newcomer) -> None:
    nina.changed(email="")
    assert nina.invite().left is Left.NO_EMAIL
    nina.changed(email="nina@northwind.example", frozen_at=nina.world.clock())
    assert nina.invite().left is Left.FROZEN
    assert mails(nina.world, "activation") == []


@given(token=st.text(max_size=400))
def test_a_made_up_link_is_none_of_ours(token: str) -> None:
    assert LINKS.read(token) is None


@given(at=st.integers(0, 10_000), to=st.characters(codec="ascii"))
def test_a_link_with_one_letter_changed_is_none_of_ours(at: int, to: str) -> None:
    token = LINKS.url(Signed("activation", 7, "00" * 16)).rpartition("/")[2]
    at %= len(token)
    changed = token[:at] + to + token[at + 1 :]
    read = LINKS.read(changed)
    assert read in (None, Signed("activation", 7, "00" * 16))
    assert read is None or changed == token or at == len(token) - 1


def test_links_are_read_after_a_rotation_and_not_without_the_key() -> None:
    old, new = SecretStr(new_key()), SecretStr(new_key())
    link = Signed("activation", 7, "00" * 16)
    token = Links([old], "https://reset.example.com").url(link).rpartition("/")[2]
    assert Links([new, old], "https://reset.example.com").read(token) == link
    assert Links([new], "https://reset.example.com").read(token) is None


def test_a_link_is_still_known_when_it_is_far_too_old() -> None:
    """So that a fresh one can be asked for with it."""
    link = Signed("activation", 7, "00" * 16)
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False):
        token = LINKS.url(link).rpartition("/")[2]
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False):
        assert LINKS.read(token) == link


def test_the_purpose_and_the_nonce_of_a_link_must_be_those_of_its_invitation(
    nina: Newcomer,
) -> None:
    nina.invited()
    [invitation] = invitations(nina.world)
    for forged in (
        Signed("new_number", invitation.id, invitation.nonce),
        Signed(invitation.purpose, invitation.id, "0" * 32),
        Signed(invitation.purpose, invitation.id + 1, invitation.nonce),
    ):
        assert nina.is_dead(nina.world.links.url(forged).rpartition("/")[2])


def test_a_made_up_link_costs_the_same_look_ups_as_a_dead_one(nina: Newcomer) -> None:
    """Nobody learns from the time which of them was ours."""
    dead = nina.invited()
    nina.invited()
    counts = []
    for token in (dead, "made-up", dead[:-4] + "AAAA"):
        counts.append(0)
        with _counted(nina, counts):
            assert nina.is_dead(token)
    assert len(set(counts)) == 1
    assert counts[0] > 0


def test_two_who_invite_somebody_at_once_leave_one_link(everywhere: Newcomer) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: everywhere.invite(), range(6)))
    alive = [each for each in invitations(everywhere.world) if each.ended_at is None]
    assert len(alive) == 1


def _plain(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{k: v for k, v in row.items() if not k.startswith("_")} for row in rows]


@contextmanager
def _counted(nina: Newcomer, counts: list[int]) -> Iterator[None]:
    """Adds up what the database is asked meanwhile, and what is made of its answers."""

    def count(*_: object) -> None:
        counts[-1] += 1

    engine = nina.world.database.engine
    event.listen(engine, "before_cursor_execute", count)
    event.listen(Session, "loaded_as_persistent", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)
        event.remove(Session, "loaded_as_persistent", count)
