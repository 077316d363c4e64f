"""The domain controllers of a domain, as its configuration describes them, and who is the PDC."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from simulator.active_directory import names
from simulator.active_directory.entries import Entry
from simulator.active_directory.tree import Tree

_SERVER_TRUST_ACCOUNT = 0x2000 | 0x8_0000
_COMPUTER_ACCOUNT_TYPE = 805306369


@dataclass(frozen=True, slots=True)
class Controller:
    """One domain controller."""

    name: str
    dns_host_name: str
    server_dn: str

    @property
    def settings_dn(self) -> str:
        """The object that fSMORoleOwner names."""
        return names.child("CN", "NTDS Settings", self.server_dn)


def plant_controller(
    tree: Tree, name: str, dns_host_name: str, *, base_dn: str, servers_dn: str
) -> Controller:
    """Add a domain controller: its server object, its settings and its computer account."""
    controller = Controller(name, dns_host_name, names.child("CN", name.upper(), servers_dn))
    computer = _computer(name, dns_host_name, base_dn)
    server = _plain(controller.server_dn, "server", "Server", base_dn)
    server.put("dNSHostName", dns_host_name)
    server.put("serverReference", computer.dn)
    settings = _plain(controller.settings_dn, "nTDSDSA", "NTDS-DSA", base_dn)
    for entry in (computer, server, settings):
        tree.keep(entry)
    return controller


def category(name: str, base_dn: str) -> str:
    """The objectCategory of a class."""
    return f"CN={name},CN=Schema,CN=Configuration,{base_dn}"


def _plain(dn: str, object_class: str, category_name: str, base_dn: str) -> Entry:
    return Entry(
        dn, classes=("top", object_class), category=category(category_name, base_dn), guid=uuid4()
    )


def _computer(name: str, dns_host_name: str, base_dn: str) -> Entry:
    entry = Entry(
        names.child("CN", name.upper(), f"OU=Domain Controllers,{base_dn}"),
        classes=("top", "person", "organizationalPerson", "user", "computer"),
        category=category("Computer", base_dn),
        guid=uuid4(),
    )
    entry.put("sAMAccountName", f"{name.upper()}$")
    entry.put("sAMAccountType", _COMPUTER_ACCOUNT_TYPE)
    entry.put("userAccountControl", _SERVER_TRUST_ACCOUNT)
    entry.put("dNSHostName", dns_host_name)
    return entry
