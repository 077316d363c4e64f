"""The simulator's Active Directory, arranged by the same hand movements as Samba's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from pydantic import SecretStr

from directory.accounts import DirectorySettings
from simulator.active_directory import ActiveDirectoryServer, Control, Domain, Policy, SignIn
from simulator.active_directory.entries import Entry
from simulator.active_directory.filetimes import filetime
from simulator.active_directory.identifiers import guid_bytes

SERVICE_ACCOUNT = "resetline-svc"
SERVICE_PASSWORD = "Serv1ce-of-the-simulation"
POLICY = Policy(
    min_length=12,
    complexity=True,
    lockout_threshold=3,
    lockout_duration=timedelta(minutes=30),
    lockout_window=timedelta(minutes=30),
    max_age=timedelta(days=42),
)


class Simulation:
    """A simulated domain with one server, and the hand that arranges it."""

    kind = "active_directory"
    password = "First-Passw0rd-of-all"

    def __init__(self) -> None:
        self.domain = Domain("corp.example.test", policy=POLICY)
        self.domain_dn = self.domain.base_dn
        self.staff_dn = self.domain.add_ou("Staff")
        self.elsewhere_dn = self.domain.add_ou("Elsewhere")
        self.server = ActiveDirectoryServer(self.domain, ldap_port=0, dns_host_name="localhost")
        self._delegate()

    def another_server(self) -> ActiveDirectoryServer:
        """A second domain controller, under another address; the first is the PDC emulator."""
        address = "127.0.0.1"
        return ActiveDirectoryServer(
            self.domain,
            name="DC2",
            dns_host_name=address,
            address=address,
            authority=self.server.authority,
        )

    def settings(self, **changes: Any) -> DirectorySettings:
        """How the product would reach it."""
        settings = DirectorySettings(
            urls=(self.server.url,),
            base_dn=self.staff_dn,
            bind_dn=f"{SERVICE_ACCOUNT}@{self.domain.name}",
            bind_password=SecretStr(SERVICE_PASSWORD),
            ca_pem=self.server.ca_pem,
        )
        return replace(settings, **changes)

    def add_user(self, name: str = "", *, parent: str = "OU=Staff", **attributes: Any) -> UUID:
        """An ordinary user; the attributes are added to what it gets."""
        name = name or unique("user")
        given = {key.replace("_", "-"): value for key, value in attributes.items()}
        user = self.domain.add_user(
            str(given.pop("sAMAccountName", name)),
            password=self.password,
            ou=parent,
            name=name,
            display_name=given.pop("displayName", f"{name} of Staff") or "",
            principal_name=given.pop("userPrincipalName", f"{name}@{self.domain.name}") or "",
        )
        self._put(user, given)
        return user.guid

    def add_container(self, parent: str = "") -> str:
        """A new organizational unit."""
        return self.domain.add_ou(unique("unit"), under=parent or self.staff_dn)

    def add_group(
        self,
        name: str = "",
        *,
        parent: str = "OU=Staff",
        members: Sequence[str] = (),
        security: bool = True,
    ) -> str:
        """A group with these members, by distinguished name."""
        group = self.domain.add_group(name or unique("group"), ou=parent, security=security)
        for member in members:
            self.domain.link(group, self.domain.target(member))
        return group.dn

    def add_password_rules(self, user: UUID, *, min_length: int, complexity: bool) -> str:
        """A fine-grained policy that the service account may not see."""
        policy = replace(POLICY, min_length=min_length, complexity=complexity)
        return self.domain.add_fine_grained_policy(
            unique("rules"), policy, applies_to=[self.entry(user)]
        )

    def let_service_account_read(self, dn: str) -> None:
        """Let everybody see it."""
        self.domain.reveal(dn)

    def set(self, target: UUID | str, **attributes: Any) -> None:
        """Change attributes."""
        entry = self.entry(target)
        given = {key.replace("_", "-"): value for key, value in attributes.items()}
        if "sAMAccountName" in given:
            self.domain.put(entry, "sAMAccountName", given.pop("sAMAccountName"))
        self._put(entry, given)
        self.domain.touch(entry)

    def join(self, group_dn: str, member_dn: str) -> None:
        """Make somebody a member."""
        self.domain.link(self.domain.target(group_dn), self.domain.target(member_dn))

    def move(self, user: UUID, parent: str) -> None:
        """Move an account."""
        entry = self.entry(user)
        self.domain.rename(entry, f"{entry.dn.partition(',')[0]},{parent}")

    def delete(self, user: UUID) -> None:
        """Delete an account."""
        self.domain.remove(self.entry(user))

    def lock(self, user: UUID) -> None:
        """Lock an account the way people do: with wrong passwords."""
        for _ in range(POLICY.lockout_threshold):
            self.domain.sign_in(self.text(user, "sAMAccountName"), "wrong")

    def change_password(self, user: UUID, old: str, new: str) -> None:
        """As the person does at a Windows computer."""
        self.domain.change_password(self.text(user, "sAMAccountName"), old, new)

    def sign_in_as(self, user: UUID, password: str) -> str:
        """'ok', or Windows' data code."""
        outcome = self.domain.sign_in(self.text(user, "sAMAccountName"), password)
        return "ok" if outcome is SignIn.ACCEPTED else outcome.value

    def dn(self, user: UUID) -> str:
        """Where an account stands."""
        return self.entry(user).dn

    def guid(self, dn: str) -> UUID:
        """The id of what stands there."""
        return self.entry(dn).guid

    def text(self, target: UUID | str, attribute: str) -> str:
        """One attribute."""
        return self.entry(target).text(attribute)

    def entry(self, target: UUID | str) -> Entry:
        """The object itself."""
        if isinstance(target, str):
            return self.domain.target(target)
        found = self.domain.with_identity(guid_bytes(target))
        assert found is not None, target
        return found

    def _put(self, entry: Entry, attributes: dict[str, Any]) -> None:
        for name, value in attributes.items():
            means_now = (name, value) == ("pwdLastSet", -1)
            written = filetime(self.domain.now()) if means_now else value
            several = written if isinstance(written, list) else [written]
            entry.put(name, *([] if value is None else several))

    def _delegate(self) -> None:
        flags = Control.PASSWORD_NEVER_EXPIRES
        self.domain.add_user(SERVICE_ACCOUNT, password=SERVICE_PASSWORD, flags=flags)
        self.domain.delegate(SERVICE_ACCOUNT, below=self.staff_dn)


def unique(kind: str) -> str:
    """A name that no other test has."""
    return f"{kind}-{uuid4().hex[:8]}"
