"""Who follows a referral hands the bind password to whoever it names; so none is followed."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from directory.active_directory.passwords import unlocking
from directory.active_directory.session import Session
from directory.errors import DirectoryMisconfigured
from simulator.active_directory import ber
from tests.directory.conftest import Connect
from tests.directory.peers import session_hearing
from tests.directory.simulated import Simulation


def read(session: Session) -> Any:
    session.read("DC=corp", ("objectSid",))


def write(session: Session) -> Any:
    session.modify(UUID(int=1), unlocking())


@pytest.mark.parametrize(("tag", "ask"), [(0x65, read), (0x67, write)])
def test_an_answer_that_sends_us_elsewhere_is_an_error(
    tag: int, ask: Callable[[Session], Any]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        answer = referral(tag, f"ldap://127.0.0.1:{elsewhere.getsockname()[1]}/DC=corp")
        with session_hearing(answer) as session, pytest.raises(DirectoryMisconfigured):
            ask(session)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_references_beside_an_answer_are_dropped(simulation: Simulation, connect: Connect) -> None:
    """The simulator ends a search of the whole domain with three of them, as Windows does."""
    user = simulation.add_user()
    assert connect().find(simulation.text(user, "sAMAccountName")).guid == user
    assert simulation.server.connections_accepted == 1


def test_ldap3_is_not_allowed_to_follow_any() -> None:
    with session_hearing(b"") as session:
        assert session._ldap.server.allowed_referral_hosts == []
        assert not session._ldap.auto_referrals


def referral(tag: int, url: str) -> bytes:
    """How a read-only controller answers."""
    where = ber.element(0xA3, ber.octets(url))
    code = ber.integer(10, ber.ENUMERATED)
    result = ber.element(tag, code, ber.octets(""), ber.octets("0000202B: RefErr"), where)
    return ber.element(ber.SEQUENCE, ber.integer(1), result)
