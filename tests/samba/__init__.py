"""A real Active Directory for tests: one Samba domain controller, run for a whole test session.

Samba listens on fixed ports (88, 389, 636) of the loopback interface, so there can be only one:
a lock file makes a second test session wait, and a controller of ours that a crashed session
left behind is found by its pid file and ended.
Making the domain takes about 15 seconds; it is made once for each machine and copied after that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.samba.people import Samba
from tests.samba.process import SambaProcess, why_not

__all__ = ["Samba", "running_samba", "samba", "why_not"]


@contextmanager
def running_samba() -> Iterator[Samba]:
    """A running domain, for whoever is not a test: it is stopped whatever happens."""
    process = SambaProcess()
    try:
        process.start()
        domain = Samba(process)
        yield domain
        domain.close()
    finally:
        process.stop()


@pytest.fixture(scope="session")
def samba() -> Iterator[Samba]:
    """The one Samba of this test session. In CI its absence is a failure, never a skip."""
    reason = why_not()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with running_samba() as domain:
        yield domain
