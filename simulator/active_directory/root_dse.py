"""What a domain controller tells everybody about itself (the rootDSE)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from simulator.active_directory import names
from simulator.active_directory.controllers import Controller
from simulator.active_directory.domain import Domain
from simulator.active_directory.entries import Entry
from simulator.active_directory.filetimes import generalized_time

START_TLS = "1.3.6.1.4.1.1466.20037"
WHO_AM_I = "1.3.6.1.4.1.4203.1.11.3"

_WINDOWS_SERVER_2016 = 7
_CAPABILITIES = (
    "1.2.840.113556.1.4.800",
    "1.2.840.113556.1.4.1670",
    "1.2.840.113556.1.4.1791",
    "1.2.840.113556.1.4.1935",
    "1.2.840.113556.1.4.2080",
    "1.2.840.113556.1.4.2237",
)


def root_dse(domain: Domain, controller: Controller, controls: Sequence[str]) -> Entry:
    """The entry without a name."""
    root = Entry("", classes=("top",), category="", guid=uuid4())
    for name, _ in list(root.stored()):
        root.put(name)
    schema_dn = f"CN=Schema,{domain.configuration_dn}"
    root.put("currentTime", generalized_time(domain.now()))
    root.put("dsServiceName", controller.settings_dn)
    root.put("namingContexts", domain.base_dn, domain.configuration_dn, schema_dn)
    root.put("defaultNamingContext", domain.base_dn)
    root.put("schemaNamingContext", schema_dn)
    root.put("configurationNamingContext", domain.configuration_dn)
    root.put("rootDomainNamingContext", domain.base_dn)
    root.put("supportedControl", *controls)
    root.put("supportedLDAPVersion", 3, 2)
    root.put("highestCommittedUSN", domain.update_number)
    root.put("dnsHostName", controller.dns_host_name)
    root.put("ldapServiceName", f"{domain.name}:{controller.name.lower()}$@{domain.name.upper()}")
    root.put("serverName", controller.server_dn)
    root.put("supportedCapabilities", *_CAPABILITIES)
    root.put("supportedExtension", START_TLS, WHO_AM_I)
    root.put("isSynchronized", "TRUE")
    root.put("isGlobalCatalogReady", "TRUE")
    for level in ("domain", "forest", "domainController"):
        root.put(f"{level}Functionality", _WINDOWS_SERVER_2016)
    return root


def referrals(domain: Domain) -> list[str]:
    """Where a search of the whole domain could go on, as Windows always says at its end."""
    zones = [
        f"ldap://{zone}.{domain.name}/{names.child('DC', zone, domain.base_dn)}"
        for zone in ("ForestDnsZones", "DomainDnsZones")
    ]
    return [*zones, f"ldap://{domain.name}/{domain.configuration_dn}"]
