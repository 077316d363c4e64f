"""What must hold when an account is looked for by name."""

from __future__ import annotations

import pytest

from directory.accounts import Directory, Identity, PasswordRules
from directory.errors import AccountRefused, Refusal
from tests.directory.contract.world import World


class Finding:
    """Inherited by the contract."""

    def test_an_account_is_found_by_its_logon_name(self, world: World, accounts: Directory) -> None:
        user = world.add_user(displayName="Mia Keller")
        found = accounts.find(world.text(user, "sAMAccountName"))
        assert (found.guid, found.display_name) == (user, "Mia Keller")
        assert found.username == world.text(user, "sAMAccountName")

    def test_an_account_is_found_by_its_principal_name_in_any_case(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        assert accounts.find(world.text(user, "userPrincipalName").upper()).guid == user

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "nobody-at-all",
            "*",
            "us*",
            "*)(objectClass=*",
            "x)(|(objectClass=*",
            "\\2a",
            "\\",
            "a\x00b",
            "Ω≈ç√",
            "\ud800",
            "x" * 5000,
        ],
    )
    def test_a_name_that_nobody_has_finds_nobody(
        self, accounts: Directory, world: World, name: str
    ) -> None:
        world.add_user()
        with pytest.raises(AccountRefused) as refused:
            accounts.find(name)
        assert refused.value.reason is Refusal.NOT_FOUND

    def test_a_name_that_fits_two_accounts_is_ambiguous(
        self, world: World, accounts: Directory
    ) -> None:
        name = world.text(world.add_user(), "userPrincipalName")
        world.add_user(sAMAccountName=name, userPrincipalName=None, parent=world.elsewhere_dn)
        with pytest.raises(AccountRefused) as refused:
            accounts.find(name)
        assert refused.value.reason is Refusal.AMBIGUOUS

    def test_an_account_outside_the_base_is_not_handed_out_by_name(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user(parent=world.elsewhere_dn)
        with pytest.raises(AccountRefused) as refused:
            accounts.find(world.text(user, "sAMAccountName"))
        assert refused.value.reason is Refusal.OUTSIDE_BASE

    def test_who_somebody_is_is_told_by_name_and_by_id(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user(displayName="Mia Keller")
        name = world.text(user, "sAMAccountName")
        expected = Identity(user, name, "Mia Keller", PasswordRules(12, complexity=True))
        told = [accounts.identify(who) for who in (name, f" {name.upper()} ", user)]
        assert told == [expected] * 3

    def test_a_policy_of_their_own_is_told_with_who_they_are(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        policy = world.add_password_rules(user, min_length=17, complexity=False)
        world.let_service_account_read(policy)
        assert accounts.identify(user).rules == PasswordRules(17, complexity=False)

    @pytest.mark.parametrize("name", ["", "nobody-at-all", "*", "*)(objectClass=*", "\\2a"])
    def test_a_name_that_nobody_has_is_nobody(
        self, accounts: Directory, world: World, name: str
    ) -> None:
        world.add_user()
        with pytest.raises(AccountRefused) as refused:
            accounts.identify(name)
        assert refused.value.reason is Refusal.NOT_FOUND

    def test_an_account_outside_the_base_is_not_identified_by_name(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user(parent=world.elsewhere_dn)
        with pytest.raises(AccountRefused) as refused:
            accounts.identify(world.text(user, "sAMAccountName"))
        assert refused.value.reason is Refusal.OUTSIDE_BASE
