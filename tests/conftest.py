"""What every test may ask for, and which tests have to run beside one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # it has none

from tests.samba import samba

__all__ = ["samba"]

# A busy machine makes a test slow, not wrong.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

_configure = structlog.configure


def _configure_for_a_while(**how: Any) -> None:
    """As the product does, but no logger keeps it: tests that come later look at logs as well."""
    _configure(**{**how, "cache_logger_on_first_use": False})


structlog.configure = _configure_for_a_while  # type: ignore[assignment]  # all is said by name

ON_SAMBA = frozenset(
    {
        "tests/directory/test_samba.py",
        "tests/journeys/test_back_to_work.py",
        "tests/journeys/test_directory_sync.py",
        "tests/journeys/test_enrolment.py",
        "tests/journeys/test_no_trace.py",
    }
)
"""There is one Samba on a machine, so that these are never tested at once."""


class FileByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file is tested by one process, with whatever it sets up.

    Those on Samba are by the same one, and what breaks running installations is by another: two
    of those at once would only wait for the processor.
    The marks of `--dist loadgroup` would say the same, but pytest-xdist 3.8 loses them with
    pytest 9.2, whose tests take no other name once they are made.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in ON_SAMBA:
            return "on Samba"
        return "faults" if file.startswith("tests/faults/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileByFile:
    """Where several processes test, as in `make test`."""
    return FileByFile(config, log)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """A file that is new on Samba fails here, and not by waiting for it in vain."""
    asking = {_file(item) for item in items if _is_on_samba(item)}
    if asking - ON_SAMBA:
        raise pytest.UsageError(f"name in ON_SAMBA of tests/conftest.py: {asking - ON_SAMBA}")


def _is_on_samba(item: pytest.Item) -> bool:
    called = getattr(item, "callspec", None)
    needed = [*getattr(item, "fixturenames", ()), *(called.params.values() if called else ())]
    return any(isinstance(each, str) and each == "samba" for each in needed)


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
