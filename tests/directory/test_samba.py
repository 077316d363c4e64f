"""The contract on a real domain controller, and what only a real one can show."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from typing import Any

import pytest
from pydantic import SecretStr

from directory.accounts import ReplaceResult, UnlockResult
from directory.active_directory import ActiveDirectory
from directory.errors import ConnectionNotSecure
from tests.directory.contract import DirectoryContract, World
from tests.directory.contract.world import NEW, version
from tests.samba import Samba

ONE_SECOND = -10_000_000
REPLICATION_METADATA = "281416c0-1968-11d0-a28f-00aa003049e2"


class TestActiveDirectoryOnSamba(DirectoryContract):
    """Our adapter against Samba."""

    @pytest.fixture
    def world(self, samba: Samba) -> World:
        """The one domain of this session; each test has people of its own."""
        return samba


@pytest.fixture
def by_name(samba: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of the test domain lead to this machine."""
    real = socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        ours = host.endswith(".corp.example.test")
        return real("127.0.0.1" if ours else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_start_tls_is_as_good(samba: Samba) -> None:
    user = samba.add_user()
    with closing(ActiveDirectory(samba.settings(urls=(samba.plain_url,)))) as accounts:
        assert accounts.reset(user, SecretStr(NEW)).must_change_password
    assert samba.sign_in_as(user, NEW) == "773"


@pytest.mark.usefixtures("by_name")
@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
def test_a_controller_is_known_by_its_own_name_and_by_no_other(samba: Samba, scheme: str) -> None:
    user = samba.add_user()
    for host, expected in ((samba.host, None), ("dc2.corp.example.test", ConnectionNotSecure)):
        settings = samba.settings(urls=(f"{scheme}://{host}",))
        with closing(ActiveDirectory(settings)) as accounts:
            if expected is None:
                assert accounts.read(user).guid == user
            else:
                with pytest.raises(expected):
                    accounts.read(user)


def test_a_lockout_that_has_run_out_is_none(samba: Samba) -> None:
    """A fine-grained policy with a lockout of one second, which Samba counts in whole ones."""
    user = samba.add_user()
    policy = samba.add_password_rules(user, min_length=12, complexity=True)
    samba.set(policy, msDS_LockoutObservationWindow=ONE_SECOND, msDS_LockoutDuration=ONE_SECOND)
    samba.lock(user)
    assert samba.text(user, "lockoutTime") not in {"", "0"}
    time.sleep(2.1)
    before = version(samba, user)
    with closing(ActiveDirectory(samba.settings())) as accounts:
        assert not accounts.read(user).state.locked
        assert accounts.unlock(user) == UnlockResult(was_locked=False, locked=False)
    assert version(samba, user) == before


def test_group_membership_is_told_to_an_account_without_any_privilege(samba: Samba) -> None:
    """tokenGroups needs no right that the delegation in the handbook does not give."""
    user = samba.add_user()
    with closing(ActiveDirectory(samba.settings())) as accounts:
        rights = [check for check in accounts.check() if check.name == "rights"]
        assert rights[0].ok
        assert accounts.read(user).state.refusal is None


def test_an_unused_password_is_left_alone_where_we_may_not_read_which_it_is(samba: Samba) -> None:
    """A reset works all the same."""
    user = samba.add_user()
    samba.hide_from_service_account(user, REPLICATION_METADATA)
    with closing(ActiveDirectory(samba.settings())) as accounts:
        assert accounts.reset(user, SecretStr(NEW)).password_version is None
        assert accounts.replace_unused(user, 1, SecretStr("Unseen-Passw0rd")) is (
            ReplaceResult.UNKNOWN
        )
    assert samba.sign_in_as(user, NEW) == "773"
