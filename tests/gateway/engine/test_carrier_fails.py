"""The carrier is away, refuses, or its answer is lost: the password still gets through, or ends."""

from __future__ import annotations

import pytest

from gateway.carriers import (
    CarrierMisconfigured,
    SendLater,
    SendRefused,
    SendUnknown,
)
from gateway.records.requests import RequestState
from tests.texts import password_in
from tests.world import World


def test_a_carrier_that_fails_for_a_while_still_gets_the_password_through(world: World) -> None:
    world.carrier.faults = [(SendUnknown(), False)] * 3
    world.text("RESET")
    world.work()
    world.settle(120)
    assert [password_in(text) for text in world.texts()] == [world.mia.password]


@pytest.mark.parametrize("fault", [SendLater(20429), CarrierMisconfigured(20003)])
def test_a_text_that_was_not_taken_is_sent_again(world: World, fault: SendLater) -> None:
    world.carrier.faults = [(fault, False), (fault, False)]
    world.text("RESET")
    world.work()
    assert world.states() == [RequestState.APPLIED]
    world.settle(180)
    assert password_in(world.texts()[0]) == world.mia.password


@pytest.mark.parametrize("accepted", [True, False])
def test_after_an_unknown_send_the_same_password_is_told_again(
    world: World, *, accepted: bool
) -> None:
    world.carrier.faults = [(SendUnknown(), accepted)]
    world.text("RESET")
    world.work()
    world.settle(60)
    assert {password_in(text) for text in world.texts()} == {world.mia.password}
    assert len(world.texts()) == (2 if accepted else 1)


def test_a_number_that_cannot_be_texted_ends_undelivered(world: World) -> None:
    world.carrier.faults = [(SendRefused(21211), False)]
    world.text("RESET")
    world.work()
    [request] = world.requests()
    assert (request.state, request.reason) == (RequestState.UNDELIVERED, "refused_21211")
