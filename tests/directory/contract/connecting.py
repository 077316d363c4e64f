"""What must hold of the connection, and of the check that an operator makes of it."""

from __future__ import annotations

from contextlib import closing

import pytest
from pydantic import SecretStr

from directory.accounts import Directory
from directory.errors import ConnectionNotSecure, ServiceAccountRefused
from tests.directory.contract.world import NEW, OTHER_AUTHORITY, World, connected


class Connecting:
    """Inherited by the contract."""

    def test_a_certificate_of_an_unknown_authority_is_not_trusted(self, world: World) -> None:
        user = world.add_user()
        for ca_pem in (None, OTHER_AUTHORITY):
            with (
                closing(connected(world, ca_pem=ca_pem)) as accounts,
                pytest.raises(ConnectionNotSecure),
            ):
                accounts.reset(user, SecretStr(NEW))

    def test_a_refused_sign_in_is_not_tried_again_for_a_while(self, world: World) -> None:
        user, service = world.add_user(), world.add_user()
        changes = {"bind_dn": world.dn(service), "bind_password": SecretStr("wrong")}
        with closing(connected(world, **changes)) as accounts:
            for _ in range(5):
                with pytest.raises(ServiceAccountRefused):
                    accounts.reset(user, SecretStr(NEW))
        assert world.text(service, "badPwdCount") == "1"

    def test_a_closed_directory_opens_again_when_it_is_asked(
        self, world: World, accounts: Directory
    ) -> None:
        user = world.add_user()
        accounts.read(user)
        accounts.close()
        accounts.close()
        assert accounts.read(user).guid == user

    def test_a_sound_directory_passes_every_check(self, world: World) -> None:
        world.add_user()
        group = world.add_group()
        with closing(connected(world, protected_groups=(group,))) as accounts:
            checks = accounts.check()
        assert [check for check in checks if not check.ok] == []
        assert len(checks) > 5

    def test_a_check_names_what_is_wrong_and_raises_nothing(self, world: World) -> None:
        changes = {
            "base_dn": f"OU=Nowhere,{world.domain_dn}",
            "protected_groups": (f"CN=Misspelled,{world.staff_dn}",),
        }
        with closing(connected(world, **changes)) as accounts:
            wrong = {check.name: check.detail for check in accounts.check() if not check.ok}
        assert set(wrong) == {"base DN", "protected groups", "people", "rights"}
        assert "Misspelled" in wrong["protected groups"]
        assert wrong["base DN"] == "it does not exist, or we may not see it"

    def test_a_check_with_a_wrong_password_signs_in_once(self, world: World) -> None:
        service = world.add_user()
        settings = world.settings()
        changes = {
            "urls": (*settings.urls, *settings.urls),
            "bind_dn": world.dn(service),
            "bind_password": SecretStr("wrong"),
        }
        with closing(connected(world, **changes)) as accounts:
            wrong = [check.name for check in accounts.check() if not check.ok]
        assert [name.rpartition(" ")[2] for name in wrong] == ["sign-in", "sign-in"]
        assert world.text(service, "badPwdCount") == "1"
