"""A running installation to break, on the simulator, with an employee for each fault."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.installation import Installation, installed
from tests.offices import SimulatedOffice, simulated_office

NUMBERS = {
    f"person{number:02}": f"+120255501{number:02}" for number in range(2, 30) if number != 12
}


@pytest.fixture(scope="module")
def office() -> Iterator[SimulatedOffice]:
    with simulated_office() as office:
        for username in NUMBERS:
            office.employ(username)
        yield office


@pytest.fixture(scope="module")
def installation(
    office: SimulatedOffice, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    url = f"sqlite:///{folder}/resetline.db"
    with installed(folder, url, office.settings) as installation:
        installation.set_up(NUMBERS)
        installation.start()
        yield installation


@pytest.fixture(autouse=True)
def mended(installation: Installation, office: SimulatedOffice) -> Iterator[None]:
    """Whatever a test broke works again for the next one."""
    yield
    office.server.faults.clear()
    installation.carrier.faults.clear()
    installation.revive()
