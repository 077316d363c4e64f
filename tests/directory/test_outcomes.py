"""What is said after a write: one modify was sent, and nobody is told what we do not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from directory.accounts import ReplaceResult
from directory.active_directory import ActiveDirectory
from directory.active_directory.reading import COMPUTED_FLAGS
from directory.active_directory.session import Session
from directory.errors import (
    AccountRefused,
    ConnectionNotSecure,
    DirectoryBusy,
    DirectoryError,
    DirectoryMisconfigured,
    DirectoryUnreachable,
    OutcomeUnknown,
    PasswordRejected,
    RightMissing,
    ServiceAccountRefused,
    UnexpectedAnswer,
)
from simulator.active_directory import ActiveDirectoryServer, Kind
from simulator.active_directory.computed import COMPUTED, Computed
from simulator.active_directory.faults import Faults
from tests.directory.conftest import HASTY, Connect
from tests.directory.peers import Clock
from tests.directory.simulated import Simulation

NEW = SecretStr("Second-Passw0rd-of-all")
Write = Callable[[ActiveDirectory, UUID], Any]

WRITES: dict[str, Write] = {
    "reset": lambda accounts, user: accounts.reset(user, NEW),
    "unlock": lambda accounts, user: accounts.unlock(user),
}
LOSSES: dict[str, Callable[[Faults, bool], None]] = {
    "the connection is dropped": lambda faults, applied: faults.drop(Kind.MODIFY, applied=applied),
    "no answer comes": lambda faults, applied: faults.hang(Kind.MODIFY, applied=applied),
    "nonsense comes": lambda faults, applied: faults.garbage(Kind.MODIFY, applied=applied),
    "another answer comes": lambda faults, applied: faults.garbage(
        Kind.MODIFY, bytes.fromhex("300c02010165070a010004000400"), applied=applied
    ),
}


def locked_user(simulation: Simulation) -> UUID:
    user = simulation.add_user()
    simulation.lock(user)
    return user


@pytest.fixture
def both(
    simulation: Simulation, second: ActiveDirectoryServer, connect: Connect
) -> ActiveDirectory:
    """Two controllers, so that a second write would have somewhere to go."""
    return connect(**HASTY, urls=(simulation.server.url, second.url))


THROWAWAY = SecretStr("Nobody-knows-this-0ne")


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_replacement_without_an_answer_is_unknown_and_may_be_repeated(
    simulation: Simulation,
    second: ActiveDirectoryServer,
    both: ActiveDirectory,
    loss: str,
    applied: bool,
) -> None:
    user = simulation.add_user()
    password_version = both.reset(user, NEW).password_version or 0
    simulation.server.forget_operations()
    LOSSES[loss](simulation.server.faults, applied)
    with pytest.raises(OutcomeUnknown):
        both.replace_unused(user, password_version, THROWAWAY)
    assert simulation.server.count(Kind.MODIFY) + second.count(Kind.MODIFY) == 1
    assert (simulation.sign_in_as(user, NEW.get_secret_value()) == "52e") is applied
    simulation.server.faults.clear()
    again = both.replace_unused(user, password_version, THROWAWAY)
    assert again is (ReplaceResult.USED if applied else ReplaceResult.REPLACED)
    assert simulation.sign_in_as(user, THROWAWAY.get_secret_value()) == "773"


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("write", WRITES)
def test_a_write_without_an_answer_is_unknown_and_never_sent_again(
    simulation: Simulation,
    second: ActiveDirectoryServer,
    both: ActiveDirectory,
    write: str,
    loss: str,
    applied: bool,
) -> None:
    user = locked_user(simulation)
    LOSSES[loss](simulation.server.faults, applied)
    with pytest.raises(OutcomeUnknown):
        WRITES[write](both, user)
    assert simulation.server.count(Kind.MODIFY) + second.count(Kind.MODIFY) == 1
    assert (simulation.text(user, "lockoutTime") == "0") is applied


@pytest.mark.parametrize("write", WRITES)
def test_an_unknown_write_may_be_repeated(
    simulation: Simulation, both: ActiveDirectory, write: str
) -> None:
    user = locked_user(simulation)
    simulation.server.faults.drop(Kind.MODIFY, applied=True)
    with pytest.raises(OutcomeUnknown):
        WRITES[write](both, user)
    assert not WRITES[write](both, user).locked


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_cannot_be_read_back_is_not_called_undone(
    simulation: Simulation, both: ActiveDirectory, write: str
) -> None:
    user = locked_user(simulation)
    both.unlock(simulation.add_user())
    simulation.server.faults.drop(Kind.SEARCH, skip=1)
    with pytest.raises(OutcomeUnknown):
        WRITES[write](both, user)
    assert simulation.text(user, "lockoutTime") == "0"


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_is_read_back_as_nonsense_is_not_called_undone(
    simulation: Simulation, both: ActiveDirectory, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    user, modify = locked_user(simulation), Session.modify

    def spoil_after(*arguments: Any) -> None:
        modify(*arguments)
        nonsense = Computed(COMPUTED_FLAGS, lambda *_: (b"many",))
        monkeypatch.setitem(COMPUTED, COMPUTED_FLAGS.lower(), nonsense)

    monkeypatch.setattr(Session, "modify", spoil_after)
    with pytest.raises(OutcomeUnknown):
        WRITES[write](both, user)


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (53, "0000052D: SvcErr: DSID-031A124C", PasswordRejected),
        (53, "0000001F: SvcErr: DSID-031A12D2", ConnectionNotSecure),
        (53, "00002077: SvcErr", UnexpectedAnswer),
        (19, "0000052D: AtrErr", PasswordRejected),
        (50, "00000005: SecErr: DSID-031A11ED", RightMissing),
        (51, "", DirectoryBusy),
        (52, "", DirectoryBusy),
        (3, "", DirectoryBusy),
        (80, "", DirectoryBusy),
        (49, "80090308: LdapErr: data 52e", ServiceAccountRefused),
        (32, "0000208D: NameErr", AccountRefused),
        (10, "0000202B: RefErr", DirectoryMisconfigured),
        (8, "00002028: LdapErr", ConnectionNotSecure),
        (1, "000004DC: LdapErr", DirectoryUnreachable),
        (71, "00002094: SvcErr", UnexpectedAnswer),
    ],
)
@pytest.mark.parametrize("write", WRITES)
def test_a_refused_write_is_told_as_what_it_is_and_sent_once(
    simulation: Simulation,
    second: ActiveDirectoryServer,
    both: ActiveDirectory,
    write: str,
    code: int,
    text: str,
    expected: type[DirectoryError],
) -> None:
    user = locked_user(simulation)
    simulation.server.faults.answer(Kind.MODIFY, code, text)
    with pytest.raises(expected) as refused:
        WRITES[write](both, user)
    assert type(refused.value) is expected
    assert simulation.server.count(Kind.MODIFY) + second.count(Kind.MODIFY) == 1
    assert simulation.text(user, "lockoutTime") != "0"
    assert not WRITES[write](both, user).locked


def test_a_replacement_names_the_id_and_leaves_the_lockout_out(
    simulation: Simulation, connect: Connect
) -> None:
    user, accounts = simulation.add_user(), connect()
    password_version = accounts.reset(user, NEW).password_version or 0
    simulation.server.forget_operations()
    accounts.replace_unused(user, password_version, THROWAWAY)
    (modify,) = (each for each in simulation.server.operations if each.kind is Kind.MODIFY)
    assert modify.attributes == ("unicodePwd", "pwdLastSet")


def test_an_answer_in_a_code_that_nobody_knows_is_not_called_undone(
    simulation: Simulation, both: ActiveDirectory
) -> None:
    user = locked_user(simulation)
    simulation.server.faults.answer(Kind.MODIFY, 99)
    with pytest.raises(OutcomeUnknown):
        both.reset(user, NEW)


def test_a_write_that_comes_too_late_is_not_sent(
    simulation: Simulation, connect: Connect, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, accounts = locked_user(simulation), connect()
    decide = accounts._eligible

    def decide_slowly(*arguments: Any) -> Any:
        decided = decide(*arguments)
        clock.ahead_seconds += 20
        return decided

    monkeypatch.setattr(accounts, "_eligible", decide_slowly)
    with pytest.raises(DirectoryUnreachable):
        accounts.reset(user, NEW)
    assert simulation.server.count(Kind.MODIFY) == 0


def test_a_modify_names_the_id_and_what_it_sets(simulation: Simulation, connect: Connect) -> None:
    user = simulation.add_user()
    connect().reset(user, NEW)
    (modify,) = (each for each in simulation.server.operations if each.kind is Kind.MODIFY)
    assert modify.target == f"<GUID={user}>"
    assert modify.attributes == ("unicodePwd", "pwdLastSet", "lockoutTime")
    assert modify.encrypted
