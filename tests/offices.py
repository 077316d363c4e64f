"""An organization's directory as a story needs it: the same on the simulator and on Samba."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID

from directory.accounts import DirectorySettings
from simulator.active_directory import ActiveDirectoryServer, Sample, SignIn, sample_domain
from tests.installation import directory_settings
from tests.samba import Samba


class Office(Protocol):
    """`sign_in` answers `ok`, or Windows' data code: 52e wrong, 773 must change, 775 locked."""

    settings: DirectorySettings
    password: str
    """What somebody has who was just employed."""

    def employ(self, username: str) -> None: ...
    def administer(self, username: str) -> None: ...
    def sign_in(self, username: str, password: str) -> str: ...


class SimulatedOffice:
    """On the simulator's Active Directory, whose server can be made to fail."""

    password = "Old-Password-1!"

    def __init__(self, sample: Sample, server: ActiveDirectoryServer) -> None:
        self.domain, self.server = sample.domain, server
        self.settings = directory_settings(
            [server.url],
            sample.staff_dn,
            sample.service_dn,
            sample.service_password,
            server.ca_pem,
        )
        self._staff_dn = sample.staff_dn

    def employ(self, username: str) -> None:
        self.domain.add_user(username, password=self.password, ou=self._staff_dn)

    def administer(self, username: str) -> None:
        self.employ(username)
        group, user = self.domain.group("Domain Admins"), self.domain.user(username)
        self.domain.link(group, user)
        self.domain.protect_administrators()

    def sign_in(self, username: str, password: str) -> str:
        outcome = self.domain.sign_in(username, password)
        return "ok" if outcome is SignIn.ACCEPTED else str(outcome.value)


class SambaOffice:
    """On a real Samba domain controller."""

    def __init__(self, samba: Samba) -> None:
        self._samba = samba
        self._ids: dict[str, UUID] = {}
        self.password = samba.password
        self.settings = samba.settings()

    def employ(self, username: str) -> None:
        self._ids[username] = self._samba.add_user(username)

    def administer(self, username: str) -> None:
        self.employ(username)
        self._samba.set(self._ids[username], adminCount="1")

    def sign_in(self, username: str, password: str) -> str:
        return self._samba.sign_in_as(self._ids[username], password)


@contextmanager
def simulated_office() -> Iterator[SimulatedOffice]:
    sample = sample_domain()
    with ActiveDirectoryServer(sample.domain) as server:
        yield SimulatedOffice(sample, server)
