"""Somebody's own password is tried once, kept nowhere, and never on the connection that is kept."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from directory.accounts import Authentication
from directory.active_directory.authentication import (
    MEANINGS,
    TAKEN_FOR_GRANTED,
    could_be_one,
    counted,
    meaning_of,
)
from directory.active_directory.entries import Entry
from directory.active_directory.times import EPOCH
from directory.errors import DirectoryError, DirectoryUnreachable, UnexpectedAnswer
from simulator.active_directory import Kind
from tests.directory.conftest import HASTY, Connect
from tests.directory.simulated import Simulation

OWN = SecretStr("First-Passw0rd-of-all")
WRONG = SecretStr("Not-the-Passw0rd-at-all")


@pytest.mark.parametrize("loss", ["drop", "hang", "garbage"])
def test_where_no_answer_comes_it_is_not_tried_again(
    simulation: Simulation, connect: Connect, loss: str
) -> None:
    """The service account has signed in before the fault is laid."""
    user, other = simulation.add_user(), simulation.add_user()
    accounts = connect(**HASTY)
    accounts.read(user)
    faults = simulation.server.faults
    getattr(faults, loss)(Kind.BIND, applied=True)
    with pytest.raises(DirectoryUnreachable):
        accounts.authenticate(user, WRONG)
    faults.clear()
    assert simulation.text(user, "badPwdCount") == "1"
    assert accounts.authenticate(other, OWN) is Authentication.RIGHT


def test_the_password_reaches_no_log_and_no_error(
    simulation: Simulation, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = SecretStr("Otter-Canal-Maple-9917")
    user = simulation.add_user()
    accounts = connect(**HASTY)
    accounts.read(user)
    accounts.authenticate(user, secret)
    simulation.server.faults.drop(Kind.BIND)
    told = ""
    try:
        accounts.authenticate(user, secret)
    except DirectoryError as error:
        told = repr(error)
    assert "Otter" not in caplog.text + told + repr(accounts)


def test_a_stricter_policy_of_ones_own_is_gone_by(simulation: Simulation, connect: Connect) -> None:
    """It cannot be read, so it is taken for one that locks soon."""
    user = simulation.add_user()
    simulation.add_password_rules(user, min_length=20, complexity=True)
    accounts = connect()
    assert accounts.authenticate(user, WRONG) is Authentication.WRONG
    assert accounts.authenticate(user, WRONG) is Authentication.TOO_RISKY


@pytest.mark.parametrize(("code", "meaning"), sorted(MEANINGS.items()))
def test_every_code_of_windows_has_its_meaning(code: str, meaning: Authentication) -> None:
    text = f"80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data {code}, v"
    assert meaning_of(49, text) is meaning


@given(code=st.integers(1, 100), message=st.text())
def test_an_answer_without_a_known_code_is_never_taken_for_right(code: int, message: str) -> None:
    try:
        assert meaning_of(code, message) is not Authentication.RIGHT
    except UnexpectedAnswer:
        return


@given(st.text(max_size=300))
def test_nothing_empty_is_ever_tried(text: str) -> None:
    assert could_be_one(SecretStr(text)) == (0 < len(text) <= 256 and "\0" not in text)


def told(**values: int) -> Entry:
    """What a controller tells of somebody's wrong passwords."""
    return Entry("CN=x", {name.lower(): [str(value).encode()] for name, value in values.items()})


def test_a_count_whose_time_is_over_counts_no_more() -> None:
    now, window = datetime(2026, 3, 2, 9, 0, tzinfo=UTC), timedelta(minutes=30)
    for minutes, count in ((29, 4), (31, 0)):
        at = now - timedelta(minutes=minutes)
        last = int((at - EPOCH) / timedelta(microseconds=1)) * 10
        assert counted(told(badPwdCount=4, badPasswordTime=last), window, now) == count


def test_where_nobody_tells_a_count_some_are_taken_for_granted() -> None:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert counted(told(), timedelta(minutes=30), now) == TAKEN_FOR_GRANTED
    assert counted(told(badPwdCount=0), timedelta(minutes=30), now) == 0
