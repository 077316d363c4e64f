"""A link lets in whoever has it, for one purpose and a time, and never by accident."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from string import ascii_letters, digits

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import event

from gateway.engine.enrolment.approving import Approved, approve
from gateway.engine.enrolment.inviting import Left
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step
from gateway.links import Links, Signed
from gateway.mail import MailLater
from gateway.records.audit import Event
from gateway.records.invitations import InvitationEnd, end_invitations
from gateway.records.people import Suspension
from gateway.records.suspending import suspend, unsuspend
from gateway.seal import new_key
from tests.gateway.engine.enrolment.conftest import (
    NINA,
    OTHER,
    Newcomer,
    add_person,
    events,
    invitations,
    mails,
    policy,
)
from tests.world import MIA, OUR_NUMBER, World

HOUR, DAY = 3600, 24 * 3600


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
    nina.world.settle(4 * HOUR, step=300)
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


def test_reminders_of_who_was_frozen_go_on_once_they_are_not(nina: Newcomer) -> None:
    nina.invited()
    nina.changed(frozen_at=nina.world.clock())
    for _ in range(4):
        nina.world.clock.forward(DAY)
        nina.world.settle(10)
    assert mails(nina.world, "activation_reminder") == []
    nina.changed(frozen_at=None)
    nina.world.clock.forward(DAY)
    nina.world.settle(10)
    assert len(mails(nina.world, "activation_reminder")) == 1


def test_a_link_is_dead_while_its_person_is_frozen_and_nobody_approves_it(nina: Newcomer) -> None:
    nina.invited()
    nina.changed(frozen_at=nina.world.clock())
    assert nina.is_dead()
    assert _approved(nina) is Approved.NOT_INVITED


def test_an_answer_is_not_sent_on_to_a_number_that_was_proved_meanwhile(mia: Newcomer) -> None:
    """Whoever has got into the mailbox gets no password with it."""
    mia.world.text("RESET", sender=MIA)
    mia.enrols(NINA)
    mia.world.settle(700)
    assert not any("one-time password is" in text for text in mia.world.texts(NINA))


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


def test_a_link_written_in_another_way_is_counted_as_the_same(nina: Newcomer) -> None:
    token = nina.invited()
    named = nina.world.enrolment.visits.named(token)
    twins = [token[:-1] + letter for letter in ascii_letters + digits + "-_"]
    known = [each for each in twins if not nina.is_dead(each)]
    assert token in known
    assert {nina.world.enrolment.visits.named(each) for each in known} == {named}


def test_two_who_invite_somebody_at_once_leave_one_link(everywhere: Newcomer) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: everywhere.invite(), range(6)))
    alive = [each for each in invitations(everywhere.world) if each.ended_at is None]
    assert len(alive) == 1


def test_reminders_come_on_their_days_with_a_fresh_link_and_then_end(nina: Newcomer) -> None:
    nina.invited()
    for days in (2, 3, 5, 10, 20):
        nina.world.clock.forward(days * DAY)
        nina.world.settle(10)
        if days == 5:
            nina.newest_link()
            assert not nina.is_dead()
    assert len(mails(nina.world, "activation_reminder")) == 3


def test_nobody_is_reminded_who_has_enrolled_or_cannot_be_helped(nina: Newcomer) -> None:
    nina.enrols()
    nina.world.clock.forward(3 * DAY)
    nina.world.settle(10)
    assert mails(nina.world, "activation_reminder") == []


def test_a_reminder_waits_for_somebody_who_is_just_typing_the_code(nina: Newcomer) -> None:
    policy(nina.world, link_hours="168")
    nina.invited()
    nina.world.clock.forward(2 * DAY - 10)
    nina.asks_for_a_code()
    nina.world.settle(30)
    assert mails(nina.world, "activation_reminder") == []
    nina.types(nina.codes()[0])


def test_two_reminders_at_once_send_one_mail(nina: Newcomer) -> None:
    nina.invited()
    nina.world.clock.forward(2 * DAY)
    [invitation] = invitations(nina.world)
    nina.world.reminding.remind(invitation.id)
    nina.world.reminding.remind(invitation.id)
    assert len(mails(nina.world, "activation_reminder")) == 1


def test_changing_the_number_tells_the_old_one_and_holds_resets_back(mia: Newcomer) -> None:
    mia.enrols(NINA)
    mia.world.settle(10)
    assert "another phone was set up" in mia.world.texts(MIA)[-1]
    assert len(mails(mia.world, "number_changed")) == 1
    [mail] = mails(mia.world, "number_changed_msp")
    assert (mail.recipient, mail.person_id) == ("msp", None)
    mia.world.text("RESET", sender=MIA)
    assert mia.world.requests() == []
    with mia.world.database.reading() as session:
        held = mia.person(session).reset_held_until
    assert held is not None
    assert timedelta(hours=23, minutes=55) < held - mia.world.clock() <= timedelta(hours=24)


def test_notme_from_the_number_before_freezes_its_owner_and_is_told(
    mia: Newcomer,
) -> None:
    mia.enrols(NINA)
    mia.world.settle(10)
    assert "Not you? Text NOTME" in mia.world.texts(MIA)[-1]
    mia.world.text("NOTME", sender=MIA)
    mia.world.work()
    assert "Help by text is now off for your account" in mia.world.texts(MIA)[-1]
    assert len(mails(mia.world, "not_me_msp")) == 1
    assert len(events(mia.world, Event.PERSON_FROZEN)) == 1
    mia.world.text("RESET", sender=NINA)
    assert mia.world.requests() == []


@pytest.mark.parametrize("word", ["RESET", "UNLOCK", "STATUS", "HELP", "START", "hm"])
def test_no_other_word_works_from_the_number_before(mia: Newcomer, word: str) -> None:
    mia.enrols(NINA)
    mia.world.settle(10)
    told = len(mia.world.texts(MIA))
    mia.world.text(word, sender=MIA)
    mia.world.settle(10)
    assert mia.world.requests() == []
    assert len(mia.world.texts(MIA)) == told
    assert events(mia.world, Event.PERSON_FROZEN) == []


def test_notme_works_from_no_number_that_was_not_proved_or_is_forgotten(mia: Newcomer) -> None:
    mia.invited()
    mia.asks_for_a_code(NINA)
    mia.world.text("NOTME", sender=NINA)
    mia.enrols(OTHER)
    mia.world.settle(2 * DAY, step=HOUR)
    mia.world.text("NOTME", sender=MIA)
    mia.world.settle(10)
    assert events(mia.world, Event.PERSON_FROZEN) == []


def test_notme_from_a_shared_number_freezes_who_had_it_and_leaves_the_others(
    mia: Newcomer,
) -> None:
    """Mia's number was another person's as well, who still has it."""
    nina = add_person(mia.world, "nina.alvarez")
    nina.enrols(MIA)
    mia.world.clock.forward(130)
    mia.enrols(OTHER)
    mia.world.text("NOTME", sender=MIA)
    frozen = {event.person_id for event in events(mia.world, Event.PERSON_FROZEN)}
    with mia.world.database.reading() as session:
        assert frozen == {mia.person(session).id}


def test_the_msp_hears_of_a_changed_number_and_not_of_a_first_one(
    nina: Newcomer, mia: Newcomer
) -> None:
    nina.enrols(OTHER)
    assert mails(nina.world, "number_changed_msp") == []
    with mia.world.database.transaction() as session:
        mia.person(session).organization.alert_email = "alerts@msp.example"
    mia.world.clock.forward(130)
    mia.enrols(NINA)
    mia.world.settle(10)
    [letter] = [each for each in mia.world.mailer.sent if each.to.whole == "alerts@msp.example"]
    assert "Account: mia.keller\nNumber: +1***0177\n" in letter.body.get_secret_value()


def test_the_hold_can_be_switched_off(mia: Newcomer) -> None:
    policy(mia.world, hold_after_phone_change_hours="0")
    mia.enrols(NINA)
    with mia.world.database.reading() as session:
        assert mia.person(session).reset_held_until is None


def test_the_old_number_works_until_the_new_one_is_proved(mia: Newcomer) -> None:
    mia.invited()
    mia.asks_for_a_code(NINA)
    mia.world.text("STATUS", sender=MIA)
    assert len(mia.world.requests()) == 1


def test_a_number_that_is_proved_already_is_not_proved_again(mia: Newcomer) -> None:
    mia.invited()
    assert mia.refused(MIA).reason is Reason.NUMBER_KEPT


def test_where_an_operator_has_to_attest_it_the_number_waits_for_that(nina: Newcomer) -> None:
    policy(nina.world, enrol_proof="operator")
    nina.enrols()
    assert (nina.step, nina.verified()) == (Step.APPROVAL, [])
    assert len(mails(nina.world, "approval_waits_msp")) == 1
    assert _approved(nina) is Approved.ENROLLED
    assert (nina.step, nina.verified()) == (Step.DONE, ["code"])


def test_a_number_that_waits_to_be_attested_waits_for_days_and_nothing_ends_that(
    nina: Newcomer,
) -> None:
    """Neither a reminder, nor the end of the link's day, nor asking for a fresh one."""
    policy(nina.world, enrol_proof="operator")
    nina.enrols()
    for _ in range(6):
        nina.world.clock.forward(DAY)
        nina.world.settle(10)
        assert nina.step is Step.APPROVAL
    assert _may_ask(nina)
    nina.world.settle(10)
    assert len(mails(nina.world, "activation")) == 1
    assert mails(nina.world, "activation_reminder") == []
    assert _approved(nina) is Approved.ENROLLED
    assert nina.verified() == ["code"]


def test_an_operator_may_attest_it_beforehand(nina: Newcomer) -> None:
    policy(nina.world, enrol_proof="operator")
    nina.invited()
    assert _approved(nina) is Approved.ATTESTED
    nina.asks_for_a_code()
    nina.types(nina.codes()[0])
    assert nina.verified() == ["code"]


def test_an_operator_cannot_attest_a_number_that_has_texted_stop_meanwhile(nina: Newcomer) -> None:
    policy(nina.world, enrol_proof="operator")
    nina.enrols()
    nina.world.text("STOP", sender=NINA)
    with pytest.raises(StepRefused) as refused:
        _approved(nina)
    assert refused.value.reason is Reason.NUMBER_STOPPED
    assert (nina.step, nina.verified()) == (Step.APPROVAL, [])
    assert events(nina.world, Event.IDENTITY_PROVED) == []


def test_an_operator_cannot_attest_a_number_of_more_people_than_may_share_it(
    nina: Newcomer,
) -> None:
    policy(nina.world, enrol_proof="operator", people_per_number="1")
    other = add_person(nina.world, "omar.said")
    for each in (nina, other):
        each.enrols()
        nina.world.clock.forward(130)
    assert _approved(nina) is Approved.ENROLLED
    with pytest.raises(StepRefused) as refused:
        _approved(other)
    assert refused.value.reason is Reason.NUMBER_SHARED
    assert other.verified() == []


def test_nobody_is_approved_without_an_invitation(nina: Newcomer) -> None:
    assert _approved(nina) is Approved.NOT_INVITED
    nina.invited()
    nina.world.clock.forward(2 * DAY)
    assert _approved(nina) is Approved.NOT_INVITED


LINKS = Links([SecretStr(new_key())], "https://reset.example.com")


def _approved(nina: Newcomer) -> Approved:
    world: World = nina.world
    with world.database.transaction() as session:
        line = world.enrolment.line
        assert line.number == OUR_NUMBER
        return approve(session, world.seal, nina.person(session), line, world.clock())


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


def _plain(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{k: v for k, v in row.items() if not k.startswith("_")} for row in rows]


@contextmanager
def _counted(nina: Newcomer, counts: list[int]) -> Iterator[None]:
    """Adds up what the database is asked meanwhile."""

    def count(*_: object) -> None:
        counts[-1] += 1

    engine = nina.world.database.engine
    event.listen(engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)
