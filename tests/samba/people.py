"""The Administrator's hand in the test domain: makes and changes what each test needs."""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import ldap3
from pydantic import SecretStr

from directory.accounts import DirectorySettings
from tests.samba import recipe
from tests.samba.process import SambaProcess

NORMAL_USER = 512
RESTED_SECONDS = 60.0


class Samba:
    """The running domain, as tests use it."""

    kind = "active_directory"
    url = "ldaps://localhost"
    plain_url = "ldap://localhost"
    host = recipe.HOST
    domain_dn = recipe.DOMAIN_DN
    staff_dn = recipe.STAFF_DN
    elsewhere_dn = recipe.ELSEWHERE_DN
    service_account_dn = f"CN={recipe.SERVICE_ACCOUNT.partition('@')[0]},CN=Users,{domain_dn}"
    password = recipe.USER_PASSWORD

    def __init__(self, process: SambaProcess) -> None:
        self.ca_pem = process.ca_pem
        self._home = process.home
        self._administrator: Any = None
        self._used_at = time.monotonic()

    def settings(self, **changes: Any) -> DirectorySettings:
        """How the product would reach it, as the delegated service account."""
        settings = DirectorySettings(
            urls=(self.url,),
            base_dn=recipe.STAFF_DN,
            bind_dn=recipe.SERVICE_ACCOUNT,
            bind_password=SecretStr(recipe.SERVICE_PASSWORD),
            ca_pem=self.ca_pem,
        )
        return replace(settings, **changes)

    def close(self) -> None:
        """End the Administrator's connection."""
        if self._administrator is not None:
            self._administrator.unbind()

    def add_user(self, name: str = "", *, parent: str = recipe.STAFF_DN, **attributes: Any) -> UUID:
        """An ordinary user with `password`; the attributes are added to what it gets."""
        name = name or unique("user")
        values = {
            "sAMAccountName": name,
            "userPrincipalName": f"{name}@{recipe.REALM.lower()}",
            "displayName": f"{name} of Staff",
            "userAccountControl": NORMAL_USER,
            "unicodePwd": f'"{recipe.USER_PASSWORD}"'.encode("utf-16-le"),
        } | {key.replace("_", "-"): value for key, value in attributes.items()}
        escaped = name.replace(",", "\\,")
        self._add(f"CN={escaped},{parent}", ["user"], values)
        return self.guid(f"CN={escaped},{parent}")

    def add_container(self, parent: str = "") -> str:
        """A new organizational unit; returns its distinguished name."""
        dn = f"OU={unique('unit')},{parent or recipe.STAFF_DN}"
        self._add(dn, ["organizationalUnit"], {})
        return dn

    def add_group(
        self,
        name: str = "",
        *,
        parent: str = recipe.STAFF_DN,
        members: Sequence[str] = (),
        security: bool = True,
    ) -> str:
        """A global group with these members; returns its distinguished name."""
        name = name or unique("group")
        kind = 2 - (1 << 31) if security else 2
        values: dict[str, Any] = {"sAMAccountName": name, "groupType": kind}
        if members:
            values["member"] = list(members)
        self._add(f"CN={name},{parent}", ["group"], values)
        return f"CN={name},{parent}"

    def add_password_rules(self, user: UUID, *, min_length: int, complexity: bool) -> str:
        """A fine-grained policy (PSO) for this one user."""
        name = unique("rules")
        dn = f"CN={name},CN=Password Settings Container,CN=System,{recipe.DOMAIN_DN}"
        values = {
            "msDS-PasswordSettingsPrecedence": 10,
            "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
            "msDS-PasswordHistoryLength": 0,
            "msDS-PasswordComplexityEnabled": str(complexity).upper(),
            "msDS-MinimumPasswordLength": min_length,
            "msDS-MinimumPasswordAge": 0,
            "msDS-MaximumPasswordAge": -36288000000000,
            "msDS-LockoutThreshold": recipe.LOCKOUT_THRESHOLD,
            "msDS-LockoutObservationWindow": -18000000000,
            "msDS-LockoutDuration": -18000000000,
            "msDS-PSOAppliesTo": self.dn(user),
        }
        self._add(dn, ["msDS-PasswordSettings"], values)
        return dn

    def let_service_account_read(self, dn: str) -> None:
        """Grant what Windows by default keeps to Domain Admins: to see a fine-grained policy."""
        self._rule(dn, "A;;RPLCRC;;")

    def hide_from_service_account(self, user: UUID, schema_id: str) -> None:
        """Deny one attribute of one account, as a hardened domain may for all."""
        self._rule(self.dn(user), f"OD;;RP;{schema_id};")

    def set(self, target: UUID | str, **attributes: Any) -> None:
        """Replace attributes as the Administrator."""
        changes = {
            key.replace("_", "-"): [
                (ldap3.MODIFY_REPLACE, value if isinstance(value, list) else [value])
            ]
            for key, value in attributes.items()
        }
        dn = target if isinstance(target, str) else f"<GUID={target}>"
        self._succeed(self.administrator.modify(dn, changes), dn)

    def join(self, group_dn: str, member_dn: str) -> None:
        """Make somebody a member of a group."""
        changes = {"member": [(ldap3.MODIFY_ADD, [member_dn])]}
        self._succeed(self.administrator.modify(group_dn, changes), group_dn)

    def move(self, user: UUID, parent: str) -> None:
        """Move an account into another container."""
        dn = self.dn(user)
        name = dn.partition(",")[0]
        self._succeed(self.administrator.modify_dn(dn, name, new_superior=parent), dn)

    def delete(self, user: UUID) -> None:
        """Delete an account."""
        dn = self.dn(user)
        self._succeed(self.administrator.delete(dn), dn)

    def lock(self, user: UUID) -> None:
        """Lock an account the way people do: with wrong passwords."""
        name = self.text(user, "userPrincipalName")
        for _ in range(recipe.LOCKOUT_THRESHOLD):
            self.sign_in(name, "wrong")

    def change_password(self, user: UUID, old: str, new: str) -> None:
        """As the person does: whoever knows the old password may, also the Administrator."""
        changes = [
            (operation, [f'"{password}"'.encode("utf-16-le")])
            for operation, password in ((ldap3.MODIFY_DELETE, old), (ldap3.MODIFY_ADD, new))
        ]
        dn = f"<GUID={user}>"
        self._succeed(self.administrator.modify(dn, {"unicodePwd": changes}), dn)

    def sign_in(self, name: str, password: str) -> str:
        """What Windows would answer: 'ok', or the data code of the refusal, such as '775'."""
        connection = ldap3.Connection(self._server(), name, password)
        connection.bind()
        message = connection.result["message"]
        bound = connection.bound
        connection.unbind()
        return "ok" if bound else str(message).partition("data ")[2].partition(",")[0]

    def sign_in_as(self, user: UUID, password: str) -> str:
        """The same for an account that we know by its id."""
        return self.sign_in(self.text(user, "userPrincipalName"), password)

    def dn(self, user: UUID) -> str:
        """Where an account stands now."""
        self.administrator.search(
            f"<GUID={user}>", "(objectClass=*)", ldap3.BASE, attributes=["objectGUID"]
        )
        return str(self.administrator.response[0]["dn"])

    def guid(self, dn: str) -> UUID:
        """The immutable id of what stands there."""
        return UUID(bytes_le=self.raw(dn, "objectGUID")[0])

    def raw(self, target: UUID | str, attribute: str) -> list[bytes]:
        """All values of one attribute, as the Administrator reads them."""
        dn = target if isinstance(target, str) else f"<GUID={target}>"
        self.administrator.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[attribute])
        values = self.administrator.response[0]["raw_attributes"][attribute]
        return [bytes(value) for value in values]

    def text(self, target: UUID | str, attribute: str) -> str:
        """The one value of an attribute as text, or nothing."""
        values = self.raw(target, attribute)
        return values[0].decode() if values else ""

    @property
    def administrator(self) -> Any:
        """One connection kept for arranging tests; Samba ends one that has rested for long."""
        if time.monotonic() - self._used_at > RESTED_SECONDS:
            self.close()
            self._administrator = None
        self._used_at = time.monotonic()
        if self._administrator is None:
            self._administrator = ldap3.Connection(
                self._server(), recipe.ADMINISTRATOR, recipe.ADMINISTRATOR_PASSWORD, auto_bind=True
            )
        return self._administrator

    def _server(self) -> ldap3.Server:
        tls = ldap3.Tls(validate=ssl.CERT_NONE)
        return ldap3.Server(self.url, get_info=ldap3.NONE, tls=tls, connect_timeout=10)

    def _add(self, dn: str, classes: list[str], values: dict[str, Any]) -> None:
        given = {name: value for name, value in values.items() if value is not None}
        self._succeed(self.administrator.add(dn, classes, given), dn)

    def _rule(self, dn: str, rule: str) -> None:
        sid = _sid_text(self.raw(self.service_account_dn, "objectSid")[0])
        here = ("-s", str(recipe.configuration(self._home)))
        recipe.samba_tool("dsacl", "set", f"--objectdn={dn}", f"--sddl=({rule};{sid})", *here)

    def _succeed(self, answer: object, dn: str) -> None:
        if answer is not True:
            message = f"Samba refused to arrange {dn}: {self.administrator.result}"
            raise RuntimeError(message)


def _sid_text(sid: bytes) -> str:
    parts = [int.from_bytes(sid[at : at + 4], "little") for at in range(8, len(sid), 4)]
    return "-".join(("S-1", str(sid[7]), *map(str, parts)))


def unique(kind: str) -> str:
    """A name that no other test has; short enough for a sAMAccountName."""
    return f"{kind}-{secrets.token_hex(4)}"
