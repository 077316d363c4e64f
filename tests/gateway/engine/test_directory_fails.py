"""The directory is away, refuses, or its answer is lost: nobody is told what is not so."""

from __future__ import annotations

import pytest

from directory.errors import (
    DirectoryBusy,
    DirectoryMisconfigured,
    DirectoryUnreachable,
    OutcomeUnknown,
    PasswordRejected,
    RightMissing,
)
from gateway.records.requests import RequestState
from tests.texts import password_in
from tests.world import World


def test_an_unlock_that_may_have_happened_is_never_called_unchanged(world: World) -> None:
    world.mia.locked = True
    world.directory.faults = [None, OutcomeUnknown("cut off")]
    world.text("UNLOCK")
    world.work()
    world.directory.is_away = True
    world.settle(7 * 60)
    [text] = world.texts()
    assert not world.mia.locked
    assert "nothing was changed" not in text.lower()


def test_a_password_that_may_be_set_is_not_replaced_when_it_is_rejected(world: World) -> None:
    world.directory.faults = [None, OutcomeUnknown("cut off"), None, PasswordRejected("52D")]
    world.text("RESET")
    world.work()
    world.settle(30)
    [text] = world.texts()
    assert password_in(text) == world.mia.password
    assert "may" in text


@pytest.mark.parametrize("fault", [DirectoryUnreachable("down"), DirectoryBusy("busy")])
def test_a_directory_that_comes_back_is_waited_for(
    world: World, fault: DirectoryUnreachable
) -> None:
    world.directory.faults = [fault, fault]
    world.text("RESET")
    world.work()
    assert world.texts() == []
    world.settle(60)
    assert password_in(world.texts()[0]) == world.mia.password


def test_a_directory_that_stays_away_is_told_after_two_minutes(world: World) -> None:
    world.directory.faults = [DirectoryUnreachable("down")] * 100
    world.text("RESET")
    world.work()
    world.settle(4 * 60)
    [text] = world.texts()
    assert "nothing was changed" in text.lower()
    assert world.states() == [RequestState.FAILED]
    assert world.mia.passwords_set == []


@pytest.mark.parametrize("fault", [DirectoryMisconfigured("x"), RightMissing("x")])
def test_what_an_operator_has_to_mend_is_told_at_once(
    world: World, fault: DirectoryMisconfigured
) -> None:
    world.directory.faults = [fault]
    world.text("RESET")
    world.work()
    assert "nothing was changed" in world.texts()[0].lower()
    assert world.states() == [RequestState.FAILED]


@pytest.mark.parametrize("applied", [True, False])
def test_an_unknown_outcome_is_repeated_with_the_same_password(
    world: World, *, applied: bool
) -> None:
    world.directory.apply_before_unknown = applied
    world.directory.faults = [None, OutcomeUnknown("cut off")]
    world.text("RESET")
    world.work()
    world.settle(30)
    assert len(set(world.mia.passwords_set)) == 1
    assert [password_in(text) for text in world.texts()] == [world.mia.password]


def test_an_outcome_that_stays_unknown_is_told_with_the_password_that_may_be_set(
    world: World,
) -> None:
    world.directory.faults = [None, OutcomeUnknown("cut off")] + [DirectoryUnreachable("x")] * 100
    world.text("RESET")
    world.work()
    world.settle(7 * 60)
    [text] = world.texts()
    assert password_in(text) == world.mia.password
    assert "may" in text


def test_a_password_that_a_filter_rejects_is_replaced_by_another(world: World) -> None:
    world.directory.faults = [None, PasswordRejected("52D")]
    world.text("RESET")
    world.work()
    assert password_in(world.texts()[0]) == world.mia.password


def test_a_policy_that_rejects_every_password_changes_nothing(world: World) -> None:
    world.directory.faults = [None] + [PasswordRejected("52D")] * 3
    world.text("RESET")
    world.work()
    assert world.states() == [RequestState.FAILED]
    assert "nothing was changed" in world.texts()[0].lower()
    assert world.mia.passwords_set == []


def test_a_domain_whose_rules_no_password_meets_changes_nothing(world: World) -> None:
    world.mia.min_length = 200
    world.text("RESET")
    world.work()
    [request] = world.requests()
    assert (request.state, request.reason) == (RequestState.FAILED, "password_impossible")
    assert "nothing was changed" in world.texts()[0].lower()
