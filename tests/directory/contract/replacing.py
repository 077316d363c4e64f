"""What must hold when a one-time password that nobody used is replaced."""

from __future__ import annotations

from uuid import UUID

import pytest
from pydantic import SecretStr

from directory.accounts import Directory, ReplaceResult
from directory.errors import PasswordRejected
from tests.directory.contract.world import NEVER_EXPIRES, NEW, NORMAL, World, version

THROWAWAY = SecretStr("Nobody-knows-this-0ne")
OWN = "Third-Passw0rd-their-own"


class Replacing:
    """Inherited by the contract."""

    def test_a_one_time_password_that_nobody_used_is_replaced_by_an_unknown_one(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        outcome = accounts.replace_unused(user, _reset(accounts, user), THROWAWAY)
        assert outcome is ReplaceResult.REPLACED
        assert world.sign_in_as(user, NEW) == "52e"
        assert world.sign_in_as(user, THROWAWAY.get_secret_value()) == "773"

    def test_each_setting_of_a_password_has_a_number_of_its_own(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        told = [_reset(accounts, user) for _ in range(3)]
        assert len(set(told)) == len(told)
        assert all(0 <= number < 2**31 for number in told)

    def test_the_password_that_the_person_chose_is_left_alone(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        password_version = _reset(accounts, user)
        world.change_password(user, NEW, OWN)
        _left_alone(world, accounts, user, password_version, ReplaceResult.USED)
        assert world.sign_in_as(user, OWN) == "ok"

    def test_a_one_time_password_of_the_helpdesk_is_left_alone(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        password_version = _reset(accounts, user)
        accounts.reset(user, SecretStr(OWN))
        _left_alone(world, accounts, user, password_version, ReplaceResult.USED)
        assert world.sign_in_as(user, OWN) == "773"

    def test_a_password_that_need_not_be_changed_any_more_is_left_alone(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        password_version = _reset(accounts, user)
        world.set(user, pwdLastSet=-1)
        _left_alone(world, accounts, user, password_version, ReplaceResult.USED)
        assert world.sign_in_as(user, NEW) == "ok"

    def test_a_password_that_may_be_in_daily_use_is_left_alone(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user(userAccountControl=NORMAL | NEVER_EXPIRES)
        _left_alone(world, accounts, user, _reset(accounts, user), ReplaceResult.UNKNOWN)
        assert world.sign_in_as(user, NEW) == "ok"

    def test_a_replacement_may_be_repeated(self, world: World, accounts: Directory) -> None:
        user = world.add_user()
        password_version = _reset(accounts, user)
        accounts.replace_unused(user, password_version, THROWAWAY)
        _left_alone(world, accounts, user, password_version, ReplaceResult.USED)

    def test_a_replacement_ends_no_lockout(self, world: World, accounts: Directory) -> None:
        user = world.add_user()
        password_version = _reset(accounts, user)
        world.lock(user)
        outcome = accounts.replace_unused(user, password_version, THROWAWAY)
        assert outcome is ReplaceResult.REPLACED
        assert accounts.read(user).state.locked

    def test_a_lockout_or_an_unlock_in_between_makes_no_difference(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        password_version = _reset(accounts, user)
        world.lock(user)
        accounts.unlock(user)
        outcome = accounts.replace_unused(user, password_version, THROWAWAY)
        assert outcome is ReplaceResult.REPLACED

    def test_a_throwaway_that_the_policy_refuses_changes_nothing(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        password_version = _reset(accounts, user)
        with pytest.raises(PasswordRejected):
            accounts.replace_unused(user, password_version, SecretStr("Short-1"))
        assert world.sign_in_as(user, NEW) == "773"


def _reset(accounts: Directory, user: UUID) -> int:
    password_version = accounts.reset(user, SecretStr(NEW)).password_version
    assert password_version is not None
    return password_version


def _left_alone(
    world: World, accounts: Directory, user: UUID, password_version: int, why: ReplaceResult
) -> None:
    before = version(world, user)
    assert accounts.replace_unused(user, password_version, THROWAWAY) is why
    assert version(world, user) == before
