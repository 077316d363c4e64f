"""The MSP attests whose number it is, before or after it was proved."""

from __future__ import annotations

import pytest

from gateway.engine.enrolment.approving import Approved, approve
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step
from gateway.records.audit import Event
from tests.gateway.engine.enrolment.conftest import (
    NINA,
    Newcomer,
    add_person,
    events,
    mails,
    policy,
)
from tests.world import OUR_NUMBER, World

HOUR, DAY = 3600, 24 * 3600


def test_a_link_is_dead_while_its_person_is_frozen_and_nobody_approves_it(nina: Newcomer) -> None:
    nina.invited()
    nina.changed(frozen_at=nina.world.clock())
    assert nina.is_dead()
    assert _approved(nina) is Approved.NOT_INVITED


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


def _approved(nina: Newcomer) -> Approved:
    world: World = nina.world
    with world.database.transaction() as session:
        line = world.enrolment.line
        assert line.number == OUR_NUMBER
        return approve(session, world.seal, nina.person(session), line, world.clock())


def _may_ask(nina: Newcomer) -> bool:
    try:
        nina.world.enrolment.renewing.ask(nina.token, "192.0.2.7")
    except StepRefused:
        return False
    return True
