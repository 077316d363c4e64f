"""Passwords show in no log, no error, no traceback and no repr, whatever goes wrong."""

from __future__ import annotations

import io
import logging
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from uuid import uuid4

import pytest
from ldap3 import Server
from ldap3.utils import log as ldap3_log
from pydantic import SecretStr

from directory.active_directory import ActiveDirectory
from directory.active_directory.session import QuietConnection
from directory.errors import DirectoryError, RightMissing
from simulator.active_directory import Kind
from simulator.active_directory.faults import Faults
from tests.directory.conftest import HASTY, Connect
from tests.directory.simulated import SERVICE_PASSWORD, Simulation

NEW = "Very-Secret-Passw0rd"

TROUBLES: dict[str, Callable[[Faults], None]] = {
    "none": lambda faults: None,
    "a drop at the write": lambda faults: faults.drop(Kind.MODIFY),
    "nonsense at the write": lambda faults: faults.garbage(Kind.MODIFY),
    "silence at the write": lambda faults: faults.hang(Kind.MODIFY),
    "an unknown code at the write": lambda faults: faults.answer(Kind.MODIFY, 99),
    "a refusal of the write": lambda faults: faults.answer(Kind.MODIFY, 53, "0000052D: SvcErr"),
    "a drop at the sign-in": lambda faults: faults.drop(Kind.BIND),
    "nonsense at the sign-in": lambda faults: faults.garbage(Kind.BIND),
    "a refusal of the sign-in": lambda faults: faults.answer(Kind.BIND, 49, "80090308: data 52e"),
    "a drop at the reading back": lambda faults: faults.drop(Kind.SEARCH, skip=4),
}


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """The root logger at DEBUG, and ldap3's own log as loud as it can be."""
    root, heard = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(heard), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield heard
    root.removeHandler(handler)
    root.setLevel(level)
    ldap3_log.set_library_log_detail_level(ldap3_log.OFF)
    ldap3_log.set_library_log_hide_sensitive_data(True)


def spellings(secret: str) -> list[str]:
    """How a secret could look in a log."""
    both = secret.encode(), f'"{secret}"'.encode("utf-16-le")
    as_bytes = [spelled for raw in both for spelled in (repr(raw)[2:-1], raw.hex())]
    return [secret, *as_bytes, *(b64encode(raw).decode() for raw in both)]


def assert_hidden(text: str) -> None:
    for secret in (NEW, SERVICE_PASSWORD):
        for spelled in spellings(secret):
            assert spelled.lower() not in text.lower()


def all_that_is_known_of(error: BaseException | None) -> str:
    """The error and what led to it, with every local variable of every frame of ours."""
    if error is None:
        return ""
    told = "".join(traceback.format_exception_only(error)) + repr(error) + repr(vars(error))
    frames = "".join(_locals(error.__traceback__))
    return told + frames + all_that_is_known_of(error.__cause__ or error.__context__)


def _locals(trace: TracebackType | None) -> Iterator[str]:
    while trace:
        if "/tests/" not in trace.tb_frame.f_code.co_filename:
            yield repr(trace.tb_frame.f_locals)
        trace = trace.tb_next


@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_password_is_logged_or_carried_by_an_error(
    simulation: Simulation,
    connect: Connect,
    everything_logged: io.StringIO,
    capfd: pytest.CaptureFixture[str],
    trouble: str,
) -> None:
    user, accounts = simulation.add_user(), connect(**HASTY)
    ldap3_log.set_library_log_detail_level(ldap3_log.EXTENDED)
    ldap3_log.set_library_log_hide_sensitive_data(False)
    TROUBLES[trouble](simulation.server.faults)
    password = SecretStr(NEW)
    try:
        accounts.reset(user, password)
        known = ""
    except DirectoryError as error:
        known = all_that_is_known_of(error)
    assert bool(known) is (trouble != "none")
    accounts.check()
    assert_hidden(known)
    assert_hidden(everything_logged.getvalue())
    assert_hidden("".join(capfd.readouterr()))


def test_a_refused_password_is_not_in_its_error(connect: Connect) -> None:
    for secret in (f"{NEW}\n", NEW + "x" * 200):
        with pytest.raises(DirectoryError) as refused:
            connect().reset(uuid4(), SecretStr(secret))
        assert_hidden(all_that_is_known_of(refused.value))


@pytest.mark.parametrize("code", [None, 50])
def test_nothing_that_is_kept_prints_a_password(
    simulation: Simulation, connect: Connect, code: int | None
) -> None:
    accounts = connect()
    if code:
        simulation.server.faults.answer(Kind.MODIFY, code)
    with suppress(RightMissing):
        accounts.reset(simulation.add_user(), SecretStr(NEW))
    assert_hidden("".join(_printed(accounts, depth=6)))


def test_a_connection_of_ldap3_prints_nothing() -> None:
    connection = QuietConnection(Server("dc1"), "svc@corp.example", SERVICE_PASSWORD)
    for printed in (repr(connection), str(connection), f"{connection}", f"{[connection]}"):
        assert_hidden(printed)
        assert "svc" not in printed


def _printed(thing: object, depth: int) -> Iterator[str]:
    yield f"{thing!r}{thing}"
    parts = getattr(thing, "__dict__", {})
    if depth and type(thing).__module__.startswith(("directory", "ldap3")):
        for part in list(parts.values()):
            yield from _printed(part, depth - 1)


def test_ldap3_stays_silent_for_every_adapter(simulation: Simulation) -> None:
    ActiveDirectory(simulation.settings())
    ActiveDirectory(simulation.settings())
    assert vars(ldap3_log)["_detail_level"] == ldap3_log.OFF
    assert len(logging.getLogger("ldap3").filters) == 1
