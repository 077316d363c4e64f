"""Northwind Traders on a real Samba domain controller, in place of the simulated directory."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPException

from simulator.active_directory.certificates import CertificateAuthority
from simulator.active_directory.passwords import generated_password
from simulator.active_directory.sample import DOMAIN_ADMIN, POLICY, SERVICE_ACCOUNT, STAFF, Person

REALM = "NORTHWIND.EXAMPLE.TEST"
BASE_DN = "DC=northwind,DC=example,DC=test"
STAFF_DN = f"OU=Staff,{BASE_DN}"
VIEWER = "demo-viewer"
PORTS = (88, 389, 636)
LOCKOUT_MINUTES = 30

NORMAL, DISABLED, NEVER_EXPIRES = 0x200, 0x2, 0x10000
CLASS_USER = "bf967aba-0de6-11d0-a285-00aa003049e2"
RIGHTS = (
    ("CR", "00299570-246d-11d0-a768-00aa006e0529"),  # reset the password
    ("RPWP", "28630ebf-41d5-11d1-a9c1-0000f80367c1"),  # lockoutTime
    ("RPWP", "bf967a0a-0de6-11d0-a285-00aa003049e2"),  # pwdLastSet
)

Run = Callable[[str, Sequence[str]], str]
"""What runs a command: how people read of it, and the command; returns what it printed."""


def why_not() -> str | None:
    """What this machine lacks for it, in a plain sentence."""
    missing = [tool for tool in ("samba", "samba-tool") if shutil.which(tool) is None]
    if os.geteuid() != 0:
        return "A Samba domain needs the ports 88, 389 and 636: run this as root."
    if missing:
        return "Samba's domain controller is not installed: apt install samba-ad-dc."
    return None


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who signs in to the domain by program, each with a password made for this run."""

    administrator: str = field(default_factory=generated_password, repr=False)
    service: str = field(default_factory=generated_password, repr=False)
    viewer: str = field(default_factory=generated_password, repr=False)


class SambaDomain:
    """A domain in a folder of its own, which should have a short name: sockets are made there."""

    url = "ldaps://localhost:636"
    service_dn = f"CN={SERVICE_ACCOUNT},OU=Service Accounts,{BASE_DN}"
    viewer_dn = f"CN={VIEWER},OU=Service Accounts,{BASE_DN}"

    def __init__(self, home: Path, run: Run) -> None:
        self._home = home
        self._run = run
        self._configuration = home / "etc" / "smb.conf"
        self.ca_file = home / "ca.pem"
        self.accounts = Accounts()

    def provision(self) -> None:
        """Make an empty domain; takes some seconds."""
        self._tool(
            *("domain", "provision", f"--realm={REALM}", "--domain=NORTHWIND"),
            *("--server-role=dc", f"--adminpass={self.accounts.administrator}"),
            *("--dns-backend=SAMBA_INTERNAL", "--host-name=dc1", "--host-ip=127.0.0.1"),
            *(f"--targetdir={self._home}", "--option=interfaces=lo"),
            *("--option=bind interfaces only=yes", "--option=vfs objects ="),
            f"--option=log file={self._home}/log.%m",
            f"--option=pid directory={self._home}",
        )
        self._certify()
        self._tool(
            *("domain", "passwordsettings", "set", f"--min-pwd-length={POLICY.min_length}"),
            f"--account-lockout-threshold={POLICY.lockout_threshold}",
            *(f"--account-lockout-duration={LOCKOUT_MINUTES}", "--min-pwd-age=0"),
            *("-s", str(self._configuration)),
        )

    @property
    def command(self) -> tuple[str, ...]:
        """What runs it in the foreground."""
        return (
            *("samba", "-F", "--no-process-group", "-M", "single", "-d", "1", "--debug-stdout"),
            *("-s", str(self._configuration), "--option=server services=ldap,kdc,cldap"),
        )

    def answers(self) -> bool:
        """Whether the Administrator can sign in."""
        try:
            with self._administrator():
                return True
        except (LDAPException, OSError):
            return False

    def populate(self) -> None:
        """People, teams, and a service account with three rights on the staff and no others."""
        with self._administrator() as administrator:
            for unit in ("Staff", "IT", "Service Accounts"):
                _add(administrator, f"OU={unit},{BASE_DN}", "organizationalUnit", {})
            _employ(administrator)
            _add_account(administrator, self.service_dn, self.accounts.service)
            _add_account(administrator, self.viewer_dn, self.accounts.viewer)
        shown = self._tool(
            *("user", "show", SERVICE_ACCOUNT, "--attributes=objectSid"),
            *("-s", str(self._configuration)),
        )
        self._delegate(shown.partition("objectSid: ")[2].split()[0])

    def _delegate(self, sid: str) -> None:
        aces = "".join(f"(OA;CI;{right};{what};{CLASS_USER};{sid})" for right, what in RIGHTS)
        self._tool(
            *("dsacl", "set", f"--objectdn={STAFF_DN}", f"--sddl={aces}"),
            *("-s", str(self._configuration)),
        )

    def _certify(self) -> None:
        """Our own certificate, so that `localhost` proves itself and no resolver is bent."""
        authority = CertificateAuthority("Northwind Traders (demo)")
        issued = authority.issue(f"dc1.{REALM.lower()}", "localhost", "127.0.0.1")
        self.ca_file.write_text(authority.pem)
        certificate, key = self._home / "certificate.pem", self._home / "key.pem"
        certificate.write_text(issued.certificate_pem)
        key.touch(mode=0o600)
        key.write_text(issued.key_pem)
        lines = f"tls certfile = {certificate}\ntls keyfile = {key}\ntls cafile = {self.ca_file}\n"
        written = self._configuration.read_text()
        self._configuration.write_text(written.replace("[global]\n", f"[global]\n{lines}", 1))

    def _tool(self, *arguments: str) -> str:
        called = " ".join(["samba-tool", *arguments[:2]])
        return self._run(called, ["samba-tool", *arguments])

    @contextmanager
    def _administrator(self) -> Iterator[Any]:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(self.ca_file))
        server = ldap3.Server(self.url, get_info=ldap3.NONE, tls=tls, connect_timeout=3)
        name, password = f"Administrator@{REALM.lower()}", self.accounts.administrator
        connection = ldap3.Connection(
            server, name, password, auto_bind=True, raise_exceptions=True, receive_timeout=10
        )
        try:
            yield connection
        finally:
            connection.unbind()


def _employ(administrator: Any) -> None:
    for person in STAFF:
        _add_person(administrator, person, STAFF_DN)
    _add_person(administrator, DOMAIN_ADMIN, f"OU=IT,{BASE_DN}")
    for team in sorted({person.team for person in STAFF}):
        members = [_dn(person, STAFF_DN) for person in STAFF if person.team == team]
        _add(
            administrator,
            f"CN={team},{STAFF_DN}",
            "group",
            {"sAMAccountName": team, "member": members},
        )
    joined = {"member": [(ldap3.MODIFY_ADD, [_dn(DOMAIN_ADMIN, f"OU=IT,{BASE_DN}")])]}
    administrator.modify(f"CN=Domain Admins,CN=Users,{BASE_DN}", joined)


def _add_person(administrator: Any, person: Person, parent: str) -> None:
    given_name, _, surname = person.name.partition(" ")
    described = {
        "sAMAccountName": person.username,
        "displayName": person.name,
        "givenName": given_name,
        "sn": surname,
        "title": person.title,
        "mail": f"{person.username}@{REALM.lower()}",
        "preferredLanguage": person.language,
        "userAccountControl": NORMAL | (0 if person.enabled else DISABLED),
    }
    if person.mobile:
        described["mobile"] = person.mobile
    _add_account(administrator, _dn(person, parent), generated_password(), described)


def _add_account(
    administrator: Any, dn: str, password: str, given: dict[str, Any] | None = None
) -> None:
    name = dn.partition(",")[0].partition("=")[2]
    described = given or {
        "sAMAccountName": name,
        "userAccountControl": NORMAL | NEVER_EXPIRES,
    }
    values = described | {
        "userPrincipalName": f"{described['sAMAccountName']}@{REALM.lower()}",
        "unicodePwd": f'"{password}"'.encode("utf-16-le"),
    }
    _add(administrator, dn, "user", values)


def _add(administrator: Any, dn: str, kind: str, values: dict[str, Any]) -> None:
    administrator.add(dn, [kind], values)


def _dn(person: Person, parent: str) -> str:
    return f"CN={person.name},{parent}"
