"""What must hold when a password is set."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from directory.accounts import Directory
from directory.errors import AccountRefused, PasswordRejected, Refusal, RightMissing
from tests.directory.contract.world import (
    NEVER_EXPIRES,
    NEW,
    NORMAL,
    World,
    connected,
    filetime,
    standing,
    version,
)


class Resetting:
    """Inherited by the contract."""

    def test_a_reset_sets_the_password_and_asks_to_change_it(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        result = accounts.reset(user, SecretStr(NEW))
        assert result.must_change_password
        assert not result.locked
        assert world.sign_in_as(user, NEW) == "773"
        assert world.sign_in_as(user, world.password) == "52e"

    def test_a_reset_ends_a_lockout(self, world: World, accounts: Directory) -> None:
        user = world.add_user()
        world.lock(user)
        assert not accounts.reset(user, SecretStr(NEW)).locked
        assert world.sign_in_as(user, NEW) == "773"

    def test_a_reset_that_may_not_unlock_tells_that_the_account_is_still_locked(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        world.lock(user)
        assert accounts.reset(user, SecretStr(NEW), unlock=False).locked
        assert world.sign_in_as(user, NEW) == "775"

    def test_a_reset_without_change_at_sign_in_can_be_used_at_once(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        world.set(user, pwdLastSet=0)
        assert not accounts.reset(user, SecretStr(NEW), must_change=False).must_change_password
        assert world.sign_in_as(user, NEW) == "ok"

    def test_no_change_is_promised_where_passwords_never_expire(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user(userAccountControl=NORMAL | NEVER_EXPIRES)
        assert not accounts.reset(user, SecretStr(NEW)).must_change_password
        assert world.sign_in_as(user, NEW) == "ok"

    def test_a_reset_may_be_repeated_with_the_same_password(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        for _ in range(2):
            result = accounts.reset(user, SecretStr(NEW))
            assert (result.must_change_password, result.locked) == (True, False)
        assert world.sign_in_as(user, NEW) == "773"

    @pytest.mark.parametrize(
        "password", ['Quote"in"the-mid1', "Grüße-aus-Köln-1", "Ключ-🔑-und-1Pass"]
    )
    def test_a_password_arrives_to_the_letter(
        self, world: World, accounts: Directory, password: str
    ) -> None:
        user = world.add_user()
        accounts.reset(user, SecretStr(password), must_change=False)
        assert world.sign_in_as(user, password) == "ok"

    def test_a_password_that_the_policy_refuses_changes_nothing(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        world.lock(user)
        before = version(world, user)
        with pytest.raises(PasswordRejected):
            accounts.reset(user, SecretStr("Short-1"))
        assert version(world, user) == before
        assert accounts.read(user).state.locked

    @pytest.mark.parametrize(
        "password",
        ["", "Tab\tin-the-middle-1", "Null\x00-Passw0rd", "Half-\ud800-Passw0rd", "x" * 128],
    )
    def test_a_password_that_cannot_be_typed_is_never_sent(
        self, world: World, accounts: Directory, password: str
    ) -> None:
        user = world.add_user()
        before = version(world, user)
        with pytest.raises(PasswordRejected):
            accounts.reset(user, SecretStr(password))
        assert version(world, user) == before

    def test_a_password_of_bytes_is_never_sent(self, world: World, accounts: Directory) -> None:
        password: Any = SecretStr(b"Bytes-Passw0rd-1")  # type: ignore[arg-type]
        with pytest.raises(PasswordRejected):
            accounts.reset(world.add_user(), password)

    def test_nothing_but_password_and_lockout_is_changed(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user(accountExpires=filetime(timedelta(days=30)))
        world.join(world.add_group(), world.dn(user))
        before = standing(world, user)
        world.lock(user)
        accounts.reset(user, SecretStr(NEW))
        world.lock(user)
        accounts.unlock(user)
        assert standing(world, user) == before

    def test_an_account_deleted_meanwhile_is_not_found(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        accounts.read(user)
        world.delete(user)
        with pytest.raises(AccountRefused) as refused:
            accounts.reset(user, SecretStr(NEW))
        assert refused.value.reason is Refusal.NOT_FOUND

    def test_a_missing_right_is_told_as_such(self, world: World) -> None:
        user = world.add_user(parent=world.elsewhere_dn)
        with (
            closing(connected(world, base_dn=world.domain_dn)) as accounts,
            pytest.raises(RightMissing),
        ):
            accounts.reset(user, SecretStr(NEW))
        assert world.sign_in_as(user, world.password) == "ok"
