"""Which accounts must never be touched."""

from __future__ import annotations

from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from directory.accounts import Directory
from directory.errors import DirectoryMisconfigured, Refusal
from tests.directory.contract.world import (
    DISABLED,
    NEW,
    NORMAL,
    PASSWORD_NOT_REQUIRED,
    SMART_CARD,
    World,
    connected,
    refused_untouched,
)


class Refusing:
    """Inherited by the contract."""

    @pytest.mark.parametrize(
        ("reason", "attributes"),
        [
            (Refusal.DISABLED, {"userAccountControl": NORMAL | DISABLED}),
            (Refusal.SMART_CARD_ONLY, {"userAccountControl": NORMAL | SMART_CARD}),
            (Refusal.PASSWORD_NOT_REQUIRED, {"userAccountControl": NORMAL | PASSWORD_NOT_REQUIRED}),
            (Refusal.EXPIRED, {"accountExpires": 116444736000000000}),
            (Refusal.PROTECTED, {"adminCount": 1}),
        ],
    )
    def test_an_account_that_must_not_be_touched_is_refused(
        self, world: World, accounts: Directory, reason: Refusal, attributes: dict[str, Any]
    ) -> None:
        user = world.add_user(**attributes)
        refused_untouched(world, accounts, user, reason)

    def test_an_account_outside_the_base_is_refused(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user(parent=world.elsewhere_dn)
        refused_untouched(world, accounts, user, Refusal.OUTSIDE_BASE)

    def test_an_account_whose_name_merely_ends_like_the_base_is_refused(
        self, world: World, accounts: Directory
    ) -> None:
        staff = world.staff_dn.partition(",")[0]
        names = {"sAMAccountName": f"odd-{uuid4().hex[:8]}", "userPrincipalName": None}
        user = world.add_user(f"x,{staff}", parent=world.domain_dn, **names)
        refused_untouched(world, accounts, user, Refusal.OUTSIDE_BASE)

    def test_a_group_is_not_a_person(self, world: World, accounts: Directory) -> None:
        group = world.guid(world.add_group())
        refused_untouched(world, accounts, group, Refusal.NOT_A_PERSON)

    @pytest.mark.parametrize(
        "group",
        [
            "CN=Domain Admins,CN=Users",
            "CN=Enterprise Admins,CN=Users",
            "CN=Schema Admins,CN=Users",
            "CN=Group Policy Creator Owners,CN=Users",
            "CN=Administrators,CN=Builtin",
            "CN=Account Operators,CN=Builtin",
            "CN=Server Operators,CN=Builtin",
            "CN=Print Operators,CN=Builtin",
            "CN=Backup Operators,CN=Builtin",
            "CN=Replicator,CN=Builtin",
        ],
    )
    def test_a_member_of_a_privileged_group_is_refused(
        self, world: World, accounts: Directory, group: str
    ) -> None:
        user = world.add_user()
        world.join(f"{group},{world.domain_dn}", world.dn(user))
        refused_untouched(world, accounts, user, Refusal.PROTECTED)

    def test_a_nested_member_of_a_privileged_group_is_refused(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        outer = world.add_group(members=[world.add_group(members=[world.dn(user)])])
        world.join(f"CN=Backup Operators,CN=Builtin,{world.domain_dn}", outer)
        refused_untouched(world, accounts, user, Refusal.PROTECTED)

    def test_the_built_in_administrator_is_refused_wherever_the_base_is(self, world: World) -> None:
        administrator = world.guid(f"CN=Administrator,CN=Users,{world.domain_dn}")
        with closing(connected(world, base_dn=world.domain_dn)) as accounts:
            refused_untouched(world, accounts, administrator, Refusal.PROTECTED)

    def test_a_nested_member_of_a_group_of_ours_is_refused(self, world: World) -> None:
        user = world.add_user()
        protected = world.add_group(members=[world.add_group(members=[world.dn(user)])])
        with closing(connected(world, protected_groups=(protected,))) as accounts:
            refused_untouched(world, accounts, user, Refusal.PROTECTED)
            assert accounts.read(world.add_user()).state.refusal is None

    def test_a_protected_group_that_does_not_exist_stops_everything(self, world: World) -> None:
        user = world.add_user()
        missing = f"CN=Misspelled,{world.staff_dn}"
        with (
            closing(connected(world, protected_groups=(missing,))) as accounts,
            pytest.raises(DirectoryMisconfigured, match="Misspelled"),
        ):
            accounts.reset(user, SecretStr(NEW))
        assert world.sign_in_as(user, world.password) == "ok"

    def test_a_protected_group_that_could_protect_nobody_stops_everything(
        self, world: World
    ) -> None:
        user = world.add_user()
        mailing_list = world.add_group(members=[world.dn(user)], security=False)
        with (
            closing(connected(world, protected_groups=(mailing_list,))) as accounts,
            pytest.raises(DirectoryMisconfigured, match="not a security group"),
        ):
            accounts.reset(user, SecretStr(NEW))
