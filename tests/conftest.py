"""What every test may ask for, and which tests have to run beside one another."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.samba import samba

__all__ = ["samba"]

# A busy machine makes a test slow, not wrong.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

DEAR = {
    "samba": "the one Samba of this machine",
    "site": "faults on SQLite",
    "site_on_postgresql": "faults on PostgreSQL",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes test, what shares something dear is tested by one of them.

    Beside what is named in `DEAR` that is each file, with whatever it has set up for its tests.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item: pytest.Item) -> str:
    called = getattr(item, "callspec", None)
    needed = [*getattr(item, "fixturenames", ()), *(called.params.values() if called else ())]
    file = item.nodeid.partition("::")[0]
    return next((group for name, group in DEAR.items() if name in needed), file)
