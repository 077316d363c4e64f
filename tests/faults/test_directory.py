"""The directory fails in every way we know; a person is told what is true of their password."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from simulator.active_directory import (
    SERVICE_ACCOUNT,
    ActiveDirectoryServer,
    Kind,
    ResultCode,
)
from tests.faults.row import Row

MENDED_BY_PATIENCE: Mapping[str, Callable[[ActiveDirectoryServer], None]] = {
    "hangs up after it has set the password": lambda server: server.faults.drop(
        Kind.MODIFY, applied=True
    ),
    "hangs up before it has set the password": lambda server: server.faults.drop(
        Kind.MODIFY, applied=False
    ),
    "never answers, after it has set the password": lambda server: server.faults.hang(
        Kind.MODIFY, applied=True, times=1
    ),
    "is busy twice": lambda server: server.faults.answer(Kind.MODIFY, ResultCode.BUSY, times=2),
    "is unavailable once": lambda server: server.faults.answer(Kind.SEARCH, ResultCode.UNAVAILABLE),
    "talks nonsense": lambda server: server.faults.garbage(Kind.SEARCH),
    "drips its answers": lambda server: server.faults.drip(octets=30, pause_seconds=0.02),
    "has a policy stricter than it says, once": lambda server: server.faults.answer(
        Kind.MODIFY, ResultCode.UNWILLING_TO_PERFORM, "0000052D: Constraint violation"
    ),
}
NOT_TO_BE_MENDED: Mapping[str, Callable[[ActiveDirectoryServer], None]] = {
    "has a policy that no password of ours can meet": lambda server: server.faults.answer(
        Kind.MODIFY, ResultCode.UNWILLING_TO_PERFORM, "0000052D: Constraint violation", times=None
    ),
    "does not let us set this password": lambda server: server.faults.answer(
        Kind.MODIFY, ResultCode.INSUFFICIENT_ACCESS_RIGHTS, "00000005: SecErr", times=None
    ),
}


def reconnect(row: Row) -> None:
    """Open connections end, so that the next one meets what has changed."""
    row.site.office.server.faults.refuse_connections()
    row.site.office.server.faults.clear()


@pytest.mark.parametrize("what", MENDED_BY_PATIENCE)
def test_the_directory_fails_for_a_moment(what: str, row: Row) -> None:
    """The directory {what}."""
    person = row.somebody()
    MENDED_BY_PATIENCE[what](row.site.office.server)
    row.text(person)
    row.settles()
    row.ends()
    assert len(row.saw(person)) == 1


@pytest.mark.parametrize("what", NOT_TO_BE_MENDED)
def test_the_directory_refuses(what: str, row: Row) -> None:
    """The directory {what}."""
    person = row.somebody()
    NOT_TO_BE_MENDED[what](row.site.office.server)
    row.text(person)
    row.settles("failed", "refused")
    row.ends("failed", "refused")
    assert "Nothing was changed" in row.saw(person)[-1]


def test_the_directory_is_down_for_a_moment(row: Row) -> None:
    """The directory refuses connections for some seconds."""
    person = row.somebody()
    row.site.office.server.faults.refuse_connections()
    row.text(person)
    row.wait_until(lambda: has_failed_once(row, person.username))
    row.ends()


def test_the_directory_is_down_for_minutes(row: Row) -> None:
    """The directory is down for three minutes."""
    person = row.somebody()
    row.site.office.server.faults.refuse_connections()
    row.text(person)
    row.wait_until(lambda: has_failed_once(row, person.username))
    row.site.age([person.username], minutes=3)
    row.settles("failed")
    row.ends("failed")
    assert "Nothing was changed" in row.saw(person)[-1]


def has_failed_once(row: Row, username: str) -> bool:
    [request] = row.site.installation.requests(username)
    return request.attempt > 0 and request.lease_until is None


def test_the_directory_dies_for_good_after_it_has_set_the_password(row: Row) -> None:
    """The directory hangs up after it has set the password, and does not come back."""
    person, server = row.somebody(), row.site.office.server
    server.faults.drop(Kind.MODIFY, applied=True)
    row.text(person)
    row.wait_until(lambda: server.count(Kind.MODIFY) > 0 and has_failed_once(row, person.username))
    server.faults.refuse_connections()
    row.site.age([person.username], minutes=6)
    row.settles("done")
    row.ends()
    assert "may now be" in row.saw(person)[-1]


@pytest.mark.parametrize("how", ["has expired", "is for another name"])
def test_the_certificate(how: str, row: Row) -> None:
    """The directory's certificate {how}: nothing is sent to it."""
    person, server = row.somebody(), row.site.office.server
    if how == "has expired":
        server.present_expired_certificate()
    else:
        server.present_certificate_for("elsewhere.example.test")
    reconnect(row)
    server.forget_operations()
    try:
        row.text(person)
        row.settles("failed")
        assert server.operations == ()
    finally:
        server.present(server.authority.issue("localhost", "127.0.0.1"))
    row.ends("failed")
    assert "Nothing was changed" in row.saw(person)[-1]


@pytest.mark.parametrize("how", ["is locked", "has another password"])
def test_the_service_account(how: str, row: Row) -> None:
    """Our service account {how}."""
    person, domain = row.somebody(), row.site.office.domain
    if how == "is locked":
        domain.lock_out(SERVICE_ACCOUNT)
    else:
        domain.set_password(SERVICE_ACCOUNT, "Quite-Another-1!")
    reconnect(row)
    try:
        row.text(person)
        row.wait_until(lambda: row.saw(person))
    finally:
        domain.user(SERVICE_ACCOUNT).unlock()
        secret = row.site.office.settings.bind_password.get_secret_value()
        domain.set_password(SERVICE_ACCOUNT, secret)
    assert "ServiceAccountRefused" in row.site.installation.logs()
    row.site.installation.worker.kill()
    row.ends("failed")
    assert "Nothing was changed" in row.saw(person)[-1]


def test_only_the_second_controller_answers(row: Row) -> None:
    """The first domain controller is down: the second does it."""
    person, office, installation = row.somebody(), row.site.office, row.site.installation
    first = installation.directory
    with ActiveDirectoryServer(
        office.domain, name="DC2", authority=office.server.authority
    ) as second:
        installation.directory = replace(first, urls=(*first.urls, second.url))
        installation.set_directory()
        try:
            office.server.faults.refuse_connections()
            row.text(person)
            row.settles()
            assert second.count(Kind.MODIFY) == 1
        finally:
            installation.directory = first
            installation.set_directory()
    row.ends()


def test_an_administrator(row: Row) -> None:
    """An administrator texts RESET: refused before any write."""
    person, office = row.somebody(), row.site.office
    office.domain.link(office.domain.group("Domain Admins"), office.domain.user(person.username))
    office.domain.protect_administrators()
    office.server.forget_operations()
    row.text(person)
    row.ends("refused")
    assert office.server.count(Kind.MODIFY) == 0
    assert "Nothing was changed" in row.saw(person)[-1]


def test_an_unlock_whose_answer_was_lost(row: Row) -> None:
    """The directory hangs up after it has unlocked the account."""
    person, office = row.somebody(), row.site.office
    office.domain.lock_out(person.username)
    office.server.faults.drop(Kind.MODIFY, applied=True)
    row.text(person, "UNLOCK")
    row.ends()
    assert not office.domain.is_locked(person.username)
    assert "unlocked" in row.saw(person)[-1]
