"""What must be told of an account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from directory.accounts import Directory, PasswordRules
from directory.errors import AccountRefused, Refusal
from tests.directory.contract.world import NEVER_EXPIRES, NORMAL, World


class Reading:
    """Inherited by the contract."""

    def test_a_healthy_account_is_told_as_healthy(self, world: World, accounts: Directory) -> None:
        state = accounts.read(world.add_user()).state
        assert not state.locked
        assert state.locked_since is None
        assert not state.must_change_password
        assert not state.password_expired
        assert state.refusal is None
        assert state.password_last_set is not None
        assert state.password_expires_at is not None
        assert abs(datetime.now(UTC) - state.password_last_set) < timedelta(minutes=5)
        assert state.password_expires_at > state.password_last_set

    def test_a_locked_account_is_told_with_the_time_of_its_lockout(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        world.lock(user)
        state = accounts.read(user).state
        assert state.locked
        assert state.locked_since is not None
        assert abs(datetime.now(UTC) - state.locked_since) < timedelta(minutes=5)

    def test_a_password_that_must_be_changed_is_told(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        world.set(user, pwdLastSet=0)
        state = accounts.read(user).state
        assert state.must_change_password
        assert state.password_last_set is None

    def test_a_password_that_never_expires_has_no_end(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user(userAccountControl=NORMAL | NEVER_EXPIRES)
        assert accounts.read(user).state.password_expires_at is None

    def test_an_id_that_nobody_has_is_not_found(self, accounts: Directory) -> None:
        with pytest.raises(AccountRefused) as refused:
            accounts.read(uuid4())
        assert refused.value.reason is Refusal.NOT_FOUND

    def test_an_account_that_was_moved_is_still_found_by_its_id(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        world.move(user, world.elsewhere_dn)
        assert accounts.read(user).state.refusal is Refusal.OUTSIDE_BASE

    def test_the_password_rules_of_the_domain_are_told(
        self, world: World, accounts: Directory
    ) -> None:
        assert accounts.read(world.add_user()).rules == PasswordRules(12, complexity=True)

    def test_a_fine_grained_policy_wins_over_the_domain(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        policy = world.add_password_rules(user, min_length=17, complexity=False)
        world.let_service_account_read(policy)
        assert accounts.read(user).rules == PasswordRules(17, complexity=False)

    def test_a_fine_grained_policy_that_is_hidden_leaves_the_domain_rules(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        world.add_password_rules(user, min_length=17, complexity=False)
        assert accounts.read(user).rules == PasswordRules(12, complexity=True)
