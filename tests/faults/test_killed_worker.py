"""A worker is killed at each step of a reset; whoever comes next ends it with one true answer.

All workers are killed first and then the leases of all requests are waited for together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from simulator.active_directory import Kind
from tests.gateway.engine.test_one_text import password_in
from tests.installation import Installation, wait_for
from tests.offices import SimulatedOffice

from .conftest import NUMBERS

LEASE_AND_SWEEPS_SECONDS = 75.0


@dataclass(frozen=True)
class Death:
    """Where a worker dies: how it is made to stand there, and how to see that it does."""

    username: str
    arrange: Callable[[Installation, SimulatedOffice], None]
    stands_there: Callable[[Installation, SimulatedOffice, str], bool]


def asked(kind: Kind) -> Callable[[Installation, SimulatedOffice, str], bool]:
    return lambda _installation, office, _phone: office.server.count(kind) > 0


def is_being_sent(installation: Installation, _office: SimulatedOffice, phone: str) -> bool:
    return installation.sending(phone)


def was_taken(installation: Installation, _office: SimulatedOffice, phone: str) -> bool:
    return len(installation.texts(phone)) > 0


DEATHS: Mapping[str, Death] = {
    "while it signs in to the directory": Death(
        "person02", lambda _, office: office.server.faults.hang(Kind.BIND), asked(Kind.BIND)
    ),
    "while it looks the account up": Death(
        "person03", lambda _, office: office.server.faults.hang(Kind.SEARCH), asked(Kind.SEARCH)
    ),
    "while it sets the password, before the directory has done so": Death(
        "person04", lambda _, office: office.server.faults.hang(Kind.MODIFY), asked(Kind.MODIFY)
    ),
    "while it sets the password, after the directory has done so": Death(
        "person05",
        lambda _, office: office.server.faults.hang(Kind.MODIFY, applied=True),
        asked(Kind.MODIFY),
    ),
    "while it sends the text, before the carrier has taken it": Death(
        "person06",
        lambda installation, _: installation.carrier.faults.answer("hang", seconds=20),
        is_being_sent,
    ),
    "while it sends the text, after the carrier has taken it": Death(
        "person07",
        lambda installation, _: installation.carrier.faults.answer(
            "hang", accepted=True, seconds=20
        ),
        was_taken,
    ),
}


def die(death: Death, installation: Installation, office: SimulatedOffice) -> None:
    """The worker is brought to the step and killed there without a word."""
    phone = NUMBERS[death.username]
    office.server.forget_operations()
    death.arrange(installation, office)
    installation.worker.start()
    installation.text("RESET", phone)
    wait_for(lambda: death.stands_there(installation, office, phone))
    installation.worker.kill()
    office.server.faults.clear()
    installation.carrier.faults.clear()


@pytest.fixture(scope="module")
def aftermath(installation: Installation, office: SimulatedOffice) -> Installation:
    """Every worker has died in its own place, and a healthy one has taken over."""
    installation.worker.kill()
    for death in DEATHS.values():
        die(death, installation, office)
    installation.worker.start()
    return installation


@pytest.mark.parametrize("where", DEATHS)
def test_a_worker_killed(where: str, aftermath: Installation, office: SimulatedOffice) -> None:
    """… at this step leaves nobody without the password that the directory has."""
    username = DEATHS[where].username
    phone = NUMBERS[username]
    wait_for(lambda: aftermath.states(username) == ["done"], seconds=LEASE_AND_SWEEPS_SECONDS)
    passwords = {password_in(text) for text in aftermath.texts(phone)}
    assert len(passwords) == 1, "two different passwords were texted"
    assert len(aftermath.texts(phone)) <= 2
    assert office.sign_in(username, passwords.pop()) == "773"
    [request] = aftermath.requests(username)
    assert request.sealed_password is None
