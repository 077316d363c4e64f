"""Fixtures for whole stories: real processes, real Redis, and a directory of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import fresh_postgresql, postgresql
from tests.installation import Installation, installed
from tests.offices import Office, SambaOffice, simulated_office

__all__ = ["postgresql"]

PEOPLE = {
    "mia.reset": "+12025550143",
    "sam.unlock": "+12025550118",
    "noah.both": "+12025550127",
    "dana.admin": "+12025550171",
    "omar.stop": "+12025550165",
    "priya.status": "+12025550162",
}


@pytest.fixture(scope="module", params=["simulator", "samba"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """An organization's directory, with an employee for each story."""
    if request.param == "samba":
        yield _staffed(SambaOffice(request.getfixturevalue("samba")))
    else:
        with simulated_office() as office:
            yield _staffed(office)


def _staffed(office: Office) -> Office:
    for username in PEOPLE:
        if username == "dana.admin":
            office.administer(username)
        else:
            office.employ(username)
    return office


@pytest.fixture(scope="module")
def installation(
    office: Office, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Installation]:
    """Set up and running, with everybody's phone vouched for.

    On Samba the database is PostgreSQL, on the simulator SQLite: both meet both once.
    """
    folder = tmp_path_factory.mktemp("installation")
    if isinstance(office, SambaOffice):
        with fresh_postgresql(request.getfixturevalue("postgresql"), migrate=False) as url:
            yield from _running(folder, url, office)
    else:
        yield from _running(folder, f"sqlite:///{folder}/resetline.db", office)


def _running(folder: Path, url: str, office: Office) -> Iterator[Installation]:
    with installed(folder, url, office.settings) as installation:
        installation.set_up(PEOPLE)
        installation.start()
        yield installation
