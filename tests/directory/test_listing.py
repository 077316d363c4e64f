"""A listing is whole or an error: half of one would suspend everybody who was not in it."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from directory.active_directory import ActiveDirectory
from directory.active_directory.messages import present
from directory.errors import (
    DirectoryBusy,
    DirectoryError,
    DirectoryMisconfigured,
    DirectoryUnreachable,
    ServiceAccountRefused,
    UnexpectedAnswer,
)
from directory.people import BadEntry, DirectoryPerson, Listed, PeopleSource
from simulator.active_directory import ActiveDirectoryServer, Kind
from simulator.active_directory import wire as ldap
from simulator.active_directory.controls import next_page
from tests.directory.conftest import HASTY, Connect
from tests.directory.peers import Clock, eventually, session_hearing
from tests.directory.simulated import Simulation

PAGES_OF_TWO = PeopleSource(page_size=2)
BEFORE_THE_FIRST_PAGE = 1
"""Searches: which domain it is is asked before. Everything is told once in this order."""

BREAKS: dict[str, tuple[Callable[[ActiveDirectoryServer, int], None], type[DirectoryError]]] = {
    "drops": (lambda server, at: server.faults.drop(Kind.SEARCH, skip=at), DirectoryUnreachable),
    "hangs": (lambda server, at: server.faults.hang(Kind.SEARCH, skip=at), DirectoryUnreachable),
    "talks nonsense": (
        lambda server, at: server.faults.garbage(Kind.SEARCH, skip=at),
        DirectoryUnreachable,
    ),
    "is busy": (lambda server, at: server.faults.answer(Kind.SEARCH, 51, skip=at), DirectoryBusy),
    "has had enough": (
        lambda server, at: server.faults.answer(Kind.SEARCH, 3, skip=at),
        DirectoryBusy,
    ),
    "gives no more": (
        lambda server, at: server.faults.answer(Kind.SEARCH, 4, skip=at),
        UnexpectedAnswer,
    ),
}
FORGETS = {
    f"has forgotten the listing ({code})": (
        lambda server, at, code=code: server.faults.answer(Kind.SEARCH, code, skip=at),
        DirectoryBusy,
    )
    for code in (1, 12, 53)
}


@pytest.mark.parametrize("broken", [*BREAKS, *FORGETS])
def test_a_listing_that_breaks_off_half_way_is_an_error(
    simulation: Simulation, second: ActiveDirectoryServer, connect: Connect, broken: str
) -> None:
    """Another controller would begin anew, and know nothing of those that came already."""
    for _ in range(5):
        simulation.add_user()
    accounts = connect(urls=(simulation.server.url, second.url), page_seconds=1, **HASTY)
    breaks, error = (BREAKS | FORGETS)[broken]
    breaks(simulation.server, BEFORE_THE_FIRST_PAGE + 1)
    told = []
    with pytest.raises(error):
        told += list(accounts.people(PAGES_OF_TWO))
    assert second.connections_accepted == 0
    simulation.server.faults.clear()
    assert eventually(lambda: simulation.server.connections_open == 0)


@pytest.mark.parametrize("broken", [name for name in BREAKS if name != "gives no more"])
def test_a_controller_that_cannot_even_begin_is_passed_over(
    simulation: Simulation, second: ActiveDirectoryServer, connect: Connect, broken: str
) -> None:
    users = {simulation.add_user() for _ in range(5)}
    accounts = connect(urls=(simulation.server.url, second.url), page_seconds=1, **HASTY)
    BREAKS[broken][0](simulation.server, BEFORE_THE_FIRST_PAGE)
    assert guids(accounts.people(PAGES_OF_TWO)) == users
    assert second.count(Kind.SEARCH) == BEFORE_THE_FIRST_PAGE + 3


def test_no_controller_at_all_is_an_error(simulation: Simulation, connect: Connect) -> None:
    simulation.server.faults.refuse_connections()
    with pytest.raises(DirectoryUnreachable):
        next(connect(**HASTY).people(PeopleSource()))


def test_a_refused_sign_in_is_tried_once(
    simulation: Simulation, second: ActiveDirectoryServer, connect: Connect
) -> None:
    simulation.domain.set_password("resetline-svc", "Another-Passw0rd-now")
    accounts = connect(urls=(simulation.server.url, second.url))
    for _ in range(2):
        with pytest.raises(ServiceAccountRefused):
            list(accounts.people(PeopleSource()))
    assert simulation.server.count(Kind.BIND) + second.count(Kind.BIND) == 1


def test_all_pages_come_from_one_connection_which_is_ended(
    simulation: Simulation, second: ActiveDirectoryServer, connect: Connect
) -> None:
    users = {simulation.add_user() for _ in range(6)}
    accounts = connect(urls=(simulation.server.url, second.url))
    assert guids(accounts.people(PAGES_OF_TWO)) == users
    assert simulation.server.connections_accepted == 1
    assert simulation.server.count(Kind.SEARCH) == BEFORE_THE_FIRST_PAGE + 3
    assert eventually(lambda: simulation.server.connections_open == 0)


def test_a_page_may_take_longer_than_an_answer_that_somebody_waits_for(
    simulation: Simulation, connect: Connect
) -> None:
    simulation.add_user()
    accounts = connect(receive_timeout_seconds=1)
    simulation.server.faults.drip(octets=256, pause_seconds=0.7)
    began = time.monotonic()
    assert len(list(accounts.people(PeopleSource()))) == 1
    assert time.monotonic() - began > 1


def test_a_page_may_be_longer_than_any_account(simulation: Simulation, connect: Connect) -> None:
    numbers = [f"+1 415 555 {number:04} {'.' * 50}" for number in range(1500)]
    for _ in range(12):
        simulation.add_user(otherMobile=numbers)
    people = list(connect().people(PeopleSource()))
    assert [len(each.phones) for each in people if isinstance(each, DirectoryPerson)] == [1500] * 12


@pytest.mark.parametrize(
    ("odd", "reason", "known_by"),
    [
        ({"objectGUID": b"short"}, "objectGUID is not a GUID", "username"),
        ({"objectGUID": None}, "objectGUID is not a GUID", "username"),
        ({"sAMAccountName": b"m\xffa"}, "sAMAccountName is not text", "guid"),
        ({"sAMAccountName": b"mia\x1b[2J"}, "sAMAccountName has a control character", "guid"),
        ({"sAMAccountName": None}, "may not read sAMAccountName", "guid"),
        ({"displayName": b"Mia \xc3\x28"}, "displayName is not text", "both"),
        ({"mobile": b"\x00\xfe\xff"}, "mobile is not text", "both"),
        ({"mail": b"mia\x07@example.com"}, "mail has a control character", "both"),
        ({"userAccountControl": None}, "may not read userAccountControl", "both"),
        ({"userAccountControl": b"enabled"}, "userAccountControl is not a number", "both"),
        ({"accountExpires": b"never"}, "accountExpires is not a number", "both"),
        ({"objectSid": None}, "may not read objectSid", "both"),
    ],
)
def test_an_odd_entry_is_told_with_its_reason_and_stops_nobody(
    simulation: Simulation,
    connect: Connect,
    odd: dict[str, bytes | None],
    reason: str,
    known_by: str,
) -> None:
    first, guid, last = (simulation.add_user() for _ in range(3))
    name = simulation.text(guid, "sAMAccountName")
    _spoil(simulation, guid, odd)
    before, bad, after = connect().people(PeopleSource())
    assert isinstance(bad, BadEntry)
    assert reason in bad.reason
    assert bad.guid == (None if known_by == "username" else guid)
    assert bad.username == ("" if known_by == "guid" else name)
    assert {each.guid for each in (before, after)} == {first, last}


def test_a_reason_never_quotes_what_it_is_about(simulation: Simulation, connect: Connect) -> None:
    guid = simulation.add_user(mobile="+1 415 555 0111")
    _spoil(simulation, guid, {"otherMobile": b"+1 415 555 0112\x00"})
    (bad,) = connect().people(PeopleSource())
    assert "555" not in repr(bad)


def test_a_person_does_not_print_their_numbers(simulation: Simulation, connect: Connect) -> None:
    simulation.add_user(mobile="+1 415 555 0111")
    (person,) = connect().people(PeopleSource())
    assert "555" not in repr(person)


def test_a_controller_that_cannot_list_in_pages_is_an_error(simulation: Simulation) -> None:
    old = ActiveDirectoryServer(
        simulation.domain, name="OLD", supported_controls=(), authority=simulation.server.authority
    )
    with old:
        accounts = ActiveDirectory(simulation.settings(urls=(old.url,)))
        with pytest.raises(DirectoryMisconfigured, match="an extension"):
            list(accounts.people(PeopleSource()))


def test_an_answer_that_does_not_say_whether_there_is_more_is_no_page() -> None:
    search = ldap.Message(1, 0x63, ldap.UnbindRequest(), ())
    answer = ldap.entry(search, "CN=Mia,DC=corp", [("cn", [b"Mia"])]) + ldap.result(search, 0)
    with session_hearing(answer) as session, pytest.raises(UnexpectedAnswer, match="has ended"):
        session.page("DC=corp", present("cn"), ("cn",), 500, b"")


def test_an_answer_that_ends_before_all_was_told_is_no_page() -> None:
    """Also where it says at the same time that there is no more."""
    search = ldap.Message(1, 0x63, ldap.UnbindRequest(), ())
    answer = ldap.entry(search, "CN=Mia,DC=corp", [("cn", [b"Mia"])])
    answer += ldap.result(search, 4, controls=[next_page(b"")])
    for cookie in (b"", b"cookie"):
        with session_hearing(answer) as session, pytest.raises(UnexpectedAnswer):
            session.page("DC=corp", present("cn"), ("cn",), 500, cookie)


def test_each_page_has_its_time_however_long_the_one_before_was_looked_at(
    simulation: Simulation, connect: Connect, clock: Clock
) -> None:
    users = {simulation.add_user() for _ in range(4)}
    told = set()
    for person in connect().people(PAGES_OF_TWO):
        told.add(person.guid)
        clock.ahead_seconds += 1000
    assert told == users


def test_no_more_than_a_page_is_held_at_a_time(simulation: Simulation, connect: Connect) -> None:
    accounts, peaks = connect(), []
    for number in range(1200):
        simulation.add_user()
        if number + 1 in (300, 1200):
            peaks.append(peak_of(accounts.people(PeopleSource(page_size=100)), number + 1))
    few, many = peaks
    assert many < few * 1.3


def peak_of(listed: Iterator[Listed], count: int) -> int:
    """Bytes, the simulated server's own among them; it keeps a reference to each account."""
    gc.collect()
    tracemalloc.start()
    try:
        assert sum(1 for _ in listed) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_listing_that_nobody_goes_through_asks_for_nothing(
    simulation: Simulation, connect: Connect
) -> None:
    connect().people(PeopleSource())
    assert simulation.server.connections_accepted == 0


def guids(listed: Any) -> set[UUID | None]:
    return {each.guid for each in listed}


def _spoil(simulation: Simulation, guid: UUID, odd: dict[str, bytes | None]) -> None:
    """Past the index, which would not take such values either."""
    entry = simulation.entry(guid)
    for name, value in odd.items():
        entry.put(name, *([] if value is None else [value]))
