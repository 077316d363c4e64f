"""Whatever a peer sends, only errors of ours come out, and in time."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.active_directory.passwords import unlocking
from directory.active_directory.reading import FOR_AN_ACCOUNT
from directory.active_directory.session import ANYTHING, Session
from directory.active_directory.wire import MOST_BYTES_IN_AN_ANSWER
from directory.errors import DirectoryError, DirectoryUnreachable, OutcomeUnknown, PasswordRejected
from simulator.active_directory import wire as ldap
from simulator.active_directory.controls import next_page
from tests.directory.peers import session_hearing, session_over

SOMEBODY = UUID(int=1)
SEARCH, MODIFY, EXTENDED = (
    ldap.Message(1, tag, ldap.UnbindRequest(), ()) for tag in (0x63, 0x66, 0x77)
)
ASKED: dict[str, Callable[[Session], Any]] = {
    "a search": lambda session: session.read("<GUID=x>", FOR_AN_ACCOUNT),
    "a write": lambda session: session.modify(SOMEBODY, unlocking()),
    "StartTLS": lambda session: session.start_tls(),
    "the root": lambda session: session.look_around(),
    "a page": lambda session: session.page("DC=corp", ANYTHING, FOR_AN_ACCOUNT, 500, b""),
}
GOOD_BYE = ldap.notice_of_disconnection(52, "unavailable")
SENSIBLE = [
    ldap.entry(SEARCH, "CN=Mia,DC=corp", [("objectGUID", [b"x" * 16]), ("pwdLastSet", [b"0"])])
    + ldap.result(SEARCH, 0),
    ldap.entry(SEARCH, "CN=Mia,DC=corp", [("objectGUID", [b"x" * 16])])
    + ldap.result(SEARCH, 0, controls=[next_page(b"cookie")]),
    ldap.result(MODIFY, 53, "0000052D: SvcErr"),
    ldap.result(EXTENDED, 0, name="1.3.6.1.4.1.1466.20037"),
    GOOD_BYE,
]


def only_our_errors(data: bytes, ask: Callable[[Session], Any]) -> None:
    with session_hearing(data) as session, suppress(DirectoryError):
        ask(session)


@pytest.mark.parametrize("asked", ASKED)
@given(data=st.binary(max_size=200))
def test_random_bytes(asked: str, data: bytes) -> None:
    only_our_errors(data, ASKED[asked])


@pytest.mark.parametrize("asked", ASKED)
@given(
    sensible=st.sampled_from(SENSIBLE),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
    cut=st.integers(0, 200),
)
def test_sensible_answers_with_bytes_changed(
    asked: str, sensible: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(sensible)
    for position, value in changes:
        data[position % len(data)] = value
    only_our_errors(bytes(data[:cut] if cut < len(data) else data), ASKED[asked])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x80" * 1000,
        b"\x30\x82\x7f\xff" * 5000,
        b"\x30\x00" * 5000,
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x30\x0c\x02\x01\x07\x65\x07\x0a\x01\x00\x04\x00\x04\x00",
        GOOD_BYE,
    ],
)
def test_nothing_that_makes_no_sense_is_taken_for_an_answer_to_a_write(data: bytes) -> None:
    for ask in ASKED.values():
        only_our_errors(data, ask)
    with session_hearing(data) as session, pytest.raises(OutcomeUnknown):
        session.modify(SOMEBODY, unlocking())


def test_an_answer_to_something_else_is_no_answer() -> None:
    with session_hearing(ldap.result(SEARCH, 0)) as session, pytest.raises(OutcomeUnknown):
        session.modify(SOMEBODY, unlocking())
    for ask in ("a search", "StartTLS"):
        with session_hearing(ldap.result(MODIFY, 0)) as session:
            with pytest.raises(DirectoryUnreachable):
                ASKED[ask](session)
            assert not session.usable


def test_an_answer_without_end_is_cut_off() -> None:
    """A message that says it is 2 GB long, from a peer that seems to mean it."""
    ours, theirs = socket.socketpair()
    flood = Thread(target=_flood, args=(theirs,), daemon=True)
    flood.start()
    session = session_over(ours)
    with pytest.raises(DirectoryUnreachable):
        session.look_around()
    assert session.wire._received < MOST_BYTES_IN_AN_ANSWER + 100_000
    session.close()
    flood.join()


def test_a_sensible_answer_is_understood() -> None:
    """Else the tests above would try nothing."""
    with session_hearing(SENSIBLE[0]) as session:
        assert session.read("<GUID=x>", FOR_AN_ACCOUNT).number("pwdLastSet", -1) == 0
        assert not session.usable
    with session_hearing(SENSIBLE[1]) as session:
        page = session.page("DC=corp", ANYTHING, FOR_AN_ACCOUNT, 500, b"")
        assert (page.entries[0].dn, page.cookie) == ("CN=Mia,DC=corp", b"cookie")
    with session_hearing(SENSIBLE[2]) as session, pytest.raises(PasswordRejected):
        session.modify(SOMEBODY, unlocking())
    with session_hearing(SENSIBLE[3]) as session:
        session.start_tls()


def test_a_session_that_heard_nonsense_is_not_used_again() -> None:
    with session_hearing(b"nonsense") as session:
        with pytest.raises(DirectoryUnreachable):
            session.look_around()
        assert not session.usable


def test_a_peer_that_spoke_without_being_asked_is_not_used() -> None:
    with session_hearing(GOOD_BYE) as session:
        assert not session.usable


def _flood(theirs: socket.socket) -> None:
    with theirs, suppress(OSError):
        theirs.sendall(b"\x30\x84\x7f\xff\xff\xff" + bytes(16 * MOST_BYTES_IN_AN_ANSWER))
