"""What must hold when an account is unlocked."""

from __future__ import annotations

from directory.accounts import Directory, UnlockResult
from tests.directory.contract.world import World, version


class Unlocking:
    """Inherited by the contract."""

    def test_an_unlock_leaves_the_password_alone(self, world: World, accounts: Directory) -> None:
        user = world.add_user()
        world.lock(user)
        assert accounts.unlock(user) == UnlockResult(was_locked=True, locked=False)
        assert world.sign_in_as(user, world.password) == "ok"

    def test_an_account_that_is_not_locked_is_not_written(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        before = version(world, user)
        assert accounts.unlock(user) == UnlockResult(was_locked=False, locked=False)
        assert version(world, user) == before
