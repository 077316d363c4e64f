"""The frame of a domain: its naming contexts, containers, policies and domain controllers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from simulator.active_directory import names
from simulator.active_directory.accounts import User
from simulator.active_directory.controllers import Controller, category, plant_controller
from simulator.active_directory.entries import Entry
from simulator.active_directory.identifiers import sid_bytes
from simulator.active_directory.policy import Policy
from simulator.active_directory.tree import Tree


@dataclass(frozen=True, slots=True)
class FineGrainedPolicy:
    """A password settings object. The lowest precedence wins."""

    entry: Entry
    policy: Policy
    precedence: int


class Realm(Tree):
    """A domain without people."""

    def __init__(
        self,
        name: str,
        *,
        netbios_name: str | None = None,
        policy: Policy | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(now)
        self.name = name
        self.netbios_name = netbios_name or name.partition(".")[0].upper()[:15]
        self.base_dn = names.dns_domain(name)
        self.configuration_dn = f"CN=Configuration,{self.base_dn}"
        self.controllers: dict[str, Controller] = {}
        self._domain_sid = "S-1-5-21-" + "-".join(str(secrets.randbits(32)) for _ in range(3))
        self._next_rid = 1103
        self._fine_grained: list[FineGrainedPolicy] = []
        self._hidden: set[names.DnKey] = set()
        self._policy = policy or Policy()
        self._plant()
        self.policy = self._policy

    @property
    def policy(self) -> Policy:
        """The rules of the domain. Assigning them changes the attributes of its head too."""
        return self._policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        with self.lock:
            self._policy = policy
            for attribute, value in policy.as_of_a_domain().items():
                self.head.put(attribute, value)
            self.touch(self.head)

    @property
    def pdc(self) -> str:
        """The name of the domain controller that holds the PDC emulator role."""
        owner = names.parent(self.head.text("fSMORoleOwner"))
        return next(each.name for each in self.controllers.values() if each.server_dn == owner)

    @pdc.setter
    def pdc(self, name: str) -> None:
        with self.lock:
            self.head.put("fSMORoleOwner", self.controllers[name].settings_dn)
            self.touch(self.head)

    def add_controller(self, name: str, dns_host_name: str | None = None) -> Controller:
        """A domain controller; the first is the PDC. One that is known already is returned."""
        with self.lock:
            if name not in self.controllers:
                self.controllers[name] = plant_controller(
                    self,
                    name,
                    dns_host_name or f"{name.lower()}.{self.name}",
                    base_dn=self.base_dn,
                    servers_dn=self._servers_dn,
                )
            if "fSMORoleOwner" not in dict(self.head.stored()):
                self.pdc = name
            return self.controllers[name]

    def add_ou(self, name: str, *, under: str = "") -> str:
        """An organizational unit; returns its distinguished name."""
        dn = names.child("OU", name, self.place(under))
        self._add(dn, "organizationalUnit", "Organizational-Unit")
        return dn

    def add_fine_grained_policy(
        self,
        name: str,
        policy: Policy,
        *,
        applies_to: Sequence[Entry],
        precedence: int = 10,
        readable: bool = False,
    ) -> str:
        """A policy for some users or groups, in place of the domain's; returns its name.

        Windows shows these objects to administrators only, unless they are `readable`.
        """
        dn = names.child("CN", name, f"CN=Password Settings Container,CN=System,{self.base_dn}")
        with self.lock:
            entry = self._add(dn, "msDS-PasswordSettings", "ms-DS-Password-Settings")
            entry.put("msDS-PasswordSettingsPrecedence", precedence)
            entry.put("msDS-PSOAppliesTo", *(each.dn for each in applies_to))
            for attribute, value in policy.as_fine_grained().items():
                entry.put(attribute, value)
            self._fine_grained.append(FineGrainedPolicy(entry, policy, precedence))
            self._hidden.add(names.key(dn))
        if readable:
            self.reveal(dn)
        return dn

    def reveal(self, dn: str) -> None:
        """Let everybody read a fine-grained policy."""
        self._hidden.discard(names.key(dn))

    def policy_of(self, user: User) -> Policy:
        """The rules that hold for one person."""
        found = self.fine_grained_policy_of(user)
        return found.policy if found else self._policy

    def fine_grained_policy_of(self, user: User) -> FineGrainedPolicy | None:
        """One that names the person wins over one that names a group."""
        if not self._fine_grained:
            return None
        groups = {names.key(group.dn) for group in self.chain(user, "memberOf")}
        return self._strongest({names.key(user.dn)}) or self._strongest(groups)

    def is_hidden(self, entry: Entry) -> bool:
        """Whether only administrators see the object."""
        return names.key(entry.dn) in self._hidden

    def place(self, relative: str) -> str:
        """A place as people write it, `OU=Staff`, with the domain behind it."""
        dn = relative if names.key(relative)[: self._depth] == self.head_key else ""
        dn = dn or ",".join(filter(None, (relative, self.base_dn)))
        if self.at(dn) is None:
            raise ValueError(f"there is no {dn}; make it first, with add_ou")
        return dn

    def in_domain(self, entry: Entry) -> bool:
        """Whether it belongs to the domain's naming context, and not to the configuration's."""
        configuration = names.key(self.configuration_dn)
        return names.key(entry.dn)[: len(configuration)] != configuration

    def sid(self, rid: int) -> bytes:
        """The SID of one of the domain's accounts."""
        return sid_bytes(f"{self._domain_sid}-{rid}")

    def _new_sid(self, rid: int | None = None) -> bytes:
        self._next_rid += 1
        return self.sid(self._next_rid - 1 if rid is None else rid)

    def _strongest(self, named: set[names.DnKey]) -> FineGrainedPolicy | None:
        applying = [
            each
            for each in self._fine_grained
            if named & {names.key(dn) for dn in each.entry.texts("msDS-PSOAppliesTo")}
        ]
        return min(applying, key=lambda each: (each.precedence, each.entry.guid), default=None)

    def _plant(self) -> None:
        self.head = self._add(self.base_dn, "domainDNS", "Domain-DNS")
        self.head.put("objectSid", sid_bytes(self._domain_sid))
        self.head_key = names.key(self.base_dn)
        self._depth = len(self.head_key)
        for dn in ("CN=Users", "CN=Builtin", "CN=System"):
            self._add(f"{dn},{self.base_dn}", "container", "Container")
        settings = f"CN=Password Settings Container,CN=System,{self.base_dn}"
        self._add(settings, "msDS-PasswordSettingsContainer", "ms-DS-Password-Settings-Container")
        self.add_ou("Domain Controllers")
        self._plant_configuration()

    def _plant_configuration(self) -> None:
        self._add(self.configuration_dn, "configuration", "Configuration")
        partitions = f"CN=Partitions,{self.configuration_dn}"
        self._add(partitions, "crossRefContainer", "Cross-Ref-Container")
        own = self._add(names.child("CN", self.netbios_name, partitions), "crossRef", "Cross-Ref")
        own.put("nCName", self.base_dn)
        own.put("dnsRoot", self.name)
        own.put("nETBIOSName", self.netbios_name)
        sites = f"CN=Sites,{self.configuration_dn}"
        site = f"CN=Default-First-Site-Name,{sites}"
        self._servers_dn = f"CN=Servers,{site}"
        self._add(sites, "sitesContainer", "Sites-Container")
        self._add(site, "site", "Site")
        self._add(self._servers_dn, "serversContainer", "Servers-Container")

    def _add(self, dn: str, object_class: str, category_name: str) -> Entry:
        entry = Entry(
            dn,
            classes=("top", object_class),
            category=category(category_name, self.base_dn),
            guid=uuid4(),
        )
        self.keep(entry)
        return entry
