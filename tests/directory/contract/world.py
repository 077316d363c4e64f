"""A directory with people in it, as the contract needs it, and what its tests share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import pytest
from pydantic import SecretStr

import directory
from directory.accounts import Directory, DirectorySettings
from directory.errors import AccountRefused, Refusal
from simulator.active_directory import CertificateAuthority

NEW = "Second-Passw0rd-of-all"
DISABLED, PASSWORD_NOT_REQUIRED, NORMAL, NEVER_EXPIRES, SMART_CARD = 2, 32, 512, 65536, 262144
FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

OTHER_AUTHORITY = CertificateAuthority().pem


class World(Protocol):
    """A directory with people in it, and the hand that arranges it for each test."""

    kind: str
    password: str
    """What a new user has."""
    domain_dn: str
    staff_dn: str
    elsewhere_dn: str

    def settings(self, **changes: Any) -> DirectorySettings:
        """How the product would reach it."""
        ...

    def add_user(self, name: str = "", *, parent: str = ..., **attributes: Any) -> UUID:
        """An ordinary user; attributes in the directory's own words, `_` for `-`."""
        ...

    def add_container(self, parent: str = "") -> str:
        """A new organizational unit, among the staff unless a parent is given."""
        ...

    def add_group(
        self,
        name: str = "",
        *,
        parent: str = ...,
        members: Sequence[str] = (),
        security: bool = True,
    ) -> str:
        """A group with these members, by distinguished name."""
        ...

    def add_password_rules(self, user: UUID, *, min_length: int, complexity: bool) -> str:
        """A fine-grained policy for one user, which the service account may not see."""
        ...

    def let_service_account_read(self, dn: str) -> None:
        """Let it see that policy."""
        ...

    def set(self, target: UUID | str, **attributes: Any) -> None:
        """Change attributes."""
        ...

    def join(self, group_dn: str, member_dn: str) -> None:
        """Make somebody a member."""
        ...

    def move(self, user: UUID, parent: str) -> None:
        """Move an account."""
        ...

    def delete(self, user: UUID) -> None:
        """Delete an account."""
        ...

    def lock(self, user: UUID) -> None:
        """Lock an account."""
        ...

    def change_password(self, user: UUID, old: str, new: str) -> None:
        """As the person does at a Windows computer, also when it asks for it."""
        ...

    def sign_in_as(self, user: UUID, password: str) -> str:
        """'ok', or Windows' data code: 52e wrong, 773 right but must change, 775 locked."""
        ...

    def dn(self, user: UUID) -> str:
        """Where an account stands."""
        ...

    def guid(self, dn: str) -> UUID:
        """The id of what stands there."""
        ...

    def text(self, target: UUID | str, attribute: str) -> str:
        """One attribute."""
        ...


def connected(world: World, **changes: Any) -> Directory:
    """The product's own way in, with some settings changed."""
    return directory.connect(world.kind, world.settings(**changes))


def refused_untouched(world: World, accounts: Directory, guid: UUID, reason: Refusal) -> None:
    """STATUS tells the reason, every change gives it, and nothing was written."""
    before = version(world, guid)
    assert accounts.read(guid).state.refusal is reason
    for attempt in (
        lambda: accounts.reset(guid, SecretStr(NEW)),
        lambda: accounts.replace_unused(guid, 1, SecretStr(NEW)),
        lambda: accounts.unlock(guid),
    ):
        with pytest.raises(AccountRefused) as refused:
            attempt()
        assert refused.value.reason is reason
    assert version(world, guid) == before


def version(world: World, guid: UUID) -> str:
    """Changes with every write to the object."""
    return world.text(guid, "uSNChanged")


def standing(world: World, guid: UUID) -> tuple[str, ...]:
    """What we may never change."""
    never = ("userAccountControl", "accountExpires", "memberOf", "distinguishedName")
    return tuple(world.text(guid, attribute) for attribute in never)


def filetime(from_now: timedelta) -> int:
    """A time as Active Directory writes it."""
    return int((datetime.now(UTC) + from_now - FILETIME_EPOCH) / timedelta(microseconds=1)) * 10
