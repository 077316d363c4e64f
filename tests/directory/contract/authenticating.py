"""What must hold when somebody's own password is tried."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from directory.accounts import Authentication, Directory
from directory.errors import AccountRefused, Refusal
from tests.directory.contract.world import DISABLED, NORMAL, World, filetime, version

WRONG = SecretStr("Not-the-Passw0rd-at-all")


class Authenticating:
    """Inherited by the contract. Three wrong passwords lock an account."""

    def test_the_right_password_is_right_and_counts_nothing(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        right = SecretStr(world.password)
        assert accounts.authenticate(user, right) is Authentication.RIGHT
        assert world.text(user, "badPwdCount") in {"", "0"}

    def test_a_wrong_one_is_counted_once(self, world: World, accounts: Directory) -> None:
        user = world.add_user()
        assert accounts.authenticate(user, WRONG) is Authentication.WRONG
        assert world.text(user, "badPwdCount") == "1"

    def test_nobody_is_locked_out_however_often_it_is_tried(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        answers = [accounts.authenticate(user, WRONG) for _ in range(5)]
        assert answers == [Authentication.WRONG] + [Authentication.TOO_RISKY] * 4
        assert world.text(user, "badPwdCount") == "1"
        assert world.sign_in_as(user, world.password) == "ok"

    def test_where_it_is_risky_the_right_password_is_not_tried_either(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        world.sign_in_as(user, WRONG.get_secret_value())
        answer = accounts.authenticate(user, SecretStr(world.password))
        assert answer is Authentication.TOO_RISKY

    def test_a_password_that_has_to_be_changed_is_known_as_right(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        world.set(user, pwdLastSet=0)
        assert accounts.authenticate(user, SecretStr(world.password)) is Authentication.MUST_CHANGE
        assert accounts.authenticate(user, WRONG) is Authentication.WRONG

    def test_a_locked_account_is_told_and_left_alone(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        world.lock(user)
        before = version(world, user)
        assert accounts.authenticate(user, SecretStr(world.password)) is Authentication.LOCKED
        assert version(world, user) == before

    def test_accounts_that_are_never_touched_are_not_tried(
        self, world: World, accounts: Directory
    ) -> None:
        disabled = world.add_user(userAccountControl=NORMAL | DISABLED)
        expired = world.add_user(accountExpires=filetime(-timedelta(days=1)))
        for user, reason in ((disabled, Refusal.DISABLED), (expired, Refusal.EXPIRED)):
            with pytest.raises(AccountRefused) as refused:
                accounts.authenticate(user, WRONG)
            assert refused.value.reason is reason
            assert world.text(user, "badPwdCount") in {"", "0"}

    @pytest.mark.parametrize("impossible", ["", "with\0nothing", "x" * 300])
    def test_what_can_be_nobodys_password_is_not_sent(
        self, world: World, accounts: Directory, impossible: str
    ) -> None:
        """An empty one would succeed as nobody (RFC 4513, section 5.1.2)."""
        user = world.add_user()
        assert accounts.authenticate(user, SecretStr(impossible)) is Authentication.WRONG
        assert world.text(user, "badPwdCount") in {"", "0"}

    def test_the_service_accounts_connection_is_still_its_own(
        self, world: World, accounts: Directory
    ) -> None:
        user, other = world.add_user(), world.add_user()
        accounts.authenticate(user, SecretStr(world.password))
        assert accounts.unlock(other).locked is False

    def test_letters_beyond_ascii_are_sent_as_they_are(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        password = SecretStr("Gr\u00fc\u00dfe-aus-K\u00f6ln-77")
        accounts.reset(user, password, must_change=False)
        assert accounts.authenticate(user, password) is Authentication.RIGHT
