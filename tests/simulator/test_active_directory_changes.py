"""Changing accounts of the simulated Active Directory: passwords, lockouts, and who may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import ldap3
import pytest

from simulator.active_directory import (
    ActiveDirectoryServer,
    Clock,
    Control,
    Kind,
    Policy,
    Right,
    Sample,
    User,
    sample_domain,
)
from simulator.active_directory.trial import connect

# On Python 3.11 ldap3 still calls what that version deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")

NEW = "Walnut-Copper-77"
POLICY_HINTS = ("1.2.840.113556.1.4.2239", True, b"\x30\x03\x02\x01\x01")

SignedIn = Callable[[str], Any]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sample(clock: Clock) -> Sample:
    return sample_domain(now=clock)


@pytest.fixture
def server(sample: Sample) -> Iterator[ActiveDirectoryServer]:
    with ActiveDirectoryServer(sample.domain, ldap_port=0) as server:
        yield server


@pytest.fixture
def signed_in(server: ActiveDirectoryServer, sample: Sample) -> Iterator[SignedIn]:
    opened: list[Any] = []

    def sign_in(username: str) -> Any:
        connection = connect(server, f"NORTHWIND\\{username}", sample.passwords[username])
        assert connection.bind()
        opened.append(connection)
        return connection

    yield sign_in
    for connection in opened:
        connection.unbind()


@pytest.fixture
def service(signed_in: SignedIn) -> Any:
    return signed_in("svc-resetline")


@pytest.fixture
def mia(sample: Sample) -> User:
    return sample.domain.user("mia.keller")


def quoted(password: str) -> bytes:
    return f'"{password}"'.encode("utf-16-le")


def replaced(**attributes: Any) -> dict[str, list[tuple[str, list[Any]]]]:
    return {name: [(ldap3.MODIFY_REPLACE, [value])] for name, value in attributes.items()}


def changed(old: str, new: str) -> dict[str, list[tuple[str, list[Any]]]]:
    return {"unicodePwd": [(ldap3.MODIFY_DELETE, [quoted(old)]), (ldap3.MODIFY_ADD, [quoted(new)])]}


def modified(connection: Any, user: User, changes: Any, **options: Any) -> str:
    """The result code and the Windows error of a modify, `0` if it was done."""
    connection.modify(f"<GUID={user.guid}>", changes, **options)
    code, text = connection.result["result"], connection.result["message"]
    return f"{code} {text[:8]}".strip()


def everything_of(user: User) -> object:
    return dict(user.stored()), user.passwords


class TestAReset:
    def test_sets_the_password_unlocks_and_asks_for_a_change_in_one_modify(
        self, service: Any, server: ActiveDirectoryServer, sample: Sample, mia: User
    ) -> None:
        sample.domain.lock_out("mia.keller")
        changes = replaced(lockoutTime="0", pwdLastSet="0", unicodePwd=quoted(NEW))
        assert modified(service, mia, changes) == "0"
        assert sample.domain.accepts("mia.keller", NEW)
        assert not sample.domain.is_locked("mia.keller")
        assert mia.must_change_password
        assert mia.bad_password_count == 0
        assert server.count(Kind.MODIFY) == 1

    def test_of_the_password_alone_leaves_the_lockout(
        self, service: Any, sample: Sample, mia: User
    ) -> None:
        sample.domain.lock_out("mia.keller")
        assert modified(service, mia, replaced(unicodePwd=quoted(NEW))) == "0"
        assert sample.domain.is_locked("mia.keller")
        assert not mia.must_change_password

    def test_may_be_repeated_with_the_same_password(self, service: Any, mia: User) -> None:
        for _ in range(2):
            assert modified(service, mia, replaced(unicodePwd=quoted(NEW))) == "0"

    @pytest.mark.parametrize(
        "password",
        [
            "Short-77",
            "onlysmallletters-and",
            "Mia.Keller-Copper-77",
            "Copper-KELLER-Walnut-77",
            "Wal-1" * 60,
        ],
    )
    def test_with_a_password_against_the_policy_changes_nothing(
        self, service: Any, mia: User, password: str
    ) -> None:
        before = everything_of(mia)
        changes = replaced(unicodePwd=quoted(password), pwdLastSet="0", lockoutTime="0")
        assert modified(service, mia, changes) == "53 0000052D"
        assert everything_of(mia) == before

    def test_accepts_letters_of_any_alphabet(self, service: Any, sample: Sample, mia: User) -> None:
        password = "Ключ-под-ковриком-1"
        assert modified(service, mia, replaced(unicodePwd=quoted(password))) == "0"
        assert sample.domain.accepts("mia.keller", password)

    def test_asks_nothing_of_accounts_that_need_no_password(
        self, service: Any, sample: Sample
    ) -> None:
        kiosk = sample.domain.add_user("kiosk", ou="OU=Staff", flags=Control.PASSWORD_NOT_REQUIRED)
        assert modified(service, kiosk, replaced(unicodePwd=quoted("x"))) == "0"

    def test_ignores_the_history_unless_it_is_asked_not_to(
        self, service: Any, sample: Sample, mia: User
    ) -> None:
        old = replaced(unicodePwd=quoted(sample.passwords["mia.keller"]))
        assert modified(service, mia, old, controls=[POLICY_HINTS]) == "53 0000052D"
        assert modified(service, mia, old) == "0"

    def test_with_hints_obeys_the_minimum_age_too(
        self, service: Any, mia: User, clock: Clock
    ) -> None:
        new = replaced(unicodePwd=quoted(NEW))
        newer = replaced(unicodePwd=quoted(f"{NEW}-again"))
        assert modified(service, mia, new, controls=[POLICY_HINTS]) == "0"
        assert modified(service, mia, newer, controls=[POLICY_HINTS]) == "53 0000052D"
        clock.turn(timedelta(days=1))
        assert modified(service, mia, newer, controls=[POLICY_HINTS]) == "0"

    @pytest.mark.parametrize("value", [NEW.encode("utf-16-le"), b'"x', b'"\x00', b""])
    def test_needs_quotes_in_utf_16(self, service: Any, mia: User, value: bytes) -> None:
        assert modified(service, mia, replaced(unicodePwd=value)) == "19 0000216C"

    def test_by_sid_and_by_name_reaches_the_same_account(self, service: Any, mia: User) -> None:
        for target in (f"<SID={mia.sid.hex()}>", f"<GUID={mia.guid.bytes_le.hex()}>", mia.dn):
            service.modify(target, replaced(pwdLastSet="0"))
            assert service.result["result"] == 0

    def test_finds_a_person_who_was_moved_and_renamed(
        self, service: Any, sample: Sample, mia: User
    ) -> None:
        before = mia.dn
        teams = sample.domain.add_ou("Teams", under="OU=Staff")
        sample.domain.rename(mia, f"CN=Mia Keller-Ortiz,{teams}")
        assert modified(service, mia, replaced(unicodePwd=quoted(NEW))) == "0"
        assert mia.dn in sample.domain.group("Sales").texts("member")
        service.modify(before, replaced(pwdLastSet="0"))
        assert service.result["result"] == 32
        assert service.result["message"].startswith("0000208D")
        assert service.result["dn"] == sample.staff_dn

    def test_of_somebody_deleted_is_told(self, service: Any, sample: Sample, mia: User) -> None:
        sample.domain.remove(mia)
        assert modified(service, mia, replaced(unicodePwd=quoted(NEW))) == "32 0000208D"
        assert mia.dn not in sample.domain.group("Sales").texts("member")


class TestAllOrNothing:
    @pytest.mark.parametrize("wrong", [{"pwdLastSet": "1"}, {"lockoutTime": "5"}])
    def test_one_wrong_value_undoes_the_whole_modify(
        self, service: Any, mia: User, wrong: dict[str, str]
    ) -> None:
        before = everything_of(mia)
        changes = replaced(unicodePwd=quoted(NEW), **wrong)
        assert modified(service, mia, changes) == "19 00000057"
        assert everything_of(mia) == before

    def test_a_refusal_at_the_end_undoes_what_was_done(
        self, signed_in: SignedIn, mia: User
    ) -> None:
        before = everything_of(mia)
        changes = replaced(unicodePwd=quoted(NEW), mobile="+12025550100", badPwdCount="0")
        assert modified(signed_in("Administrator"), mia, changes) == "53 0000209A"
        assert everything_of(mia) == before

    def test_one_missing_right_refuses_the_whole_modify(
        self, server: ActiveDirectoryServer, sample: Sample, mia: User
    ) -> None:
        sample.domain.add_user("half", password=NEW)
        sample.domain.delegate("half", below="OU=Staff", rights=[Right.RESET_PASSWORD])
        half = connect(server, "NORTHWIND\\half", NEW)
        half.bind()
        changes = replaced(unicodePwd=quoted(NEW), lockoutTime="0")
        assert modified(half, mia, changes) == "50 00000005"
        assert not sample.domain.accepts("mia.keller", NEW)
        assert modified(half, mia, replaced(unicodePwd=quoted(NEW))) == "0"
        half.unbind()


class TestAChangeByThePerson:
    def test_with_the_old_password_succeeds_and_ends_the_duty_to_change(
        self, signed_in: SignedIn, sample: Sample, mia: User
    ) -> None:
        sample.domain.set_password("mia.keller", "Given-by-Text-26", must_change=True)
        somebody = signed_in("sam.ortiz")
        assert modified(somebody, mia, changed("Given-by-Text-26", NEW)) == "0"
        assert sample.domain.accepts("mia.keller", NEW)
        assert not mia.must_change_password

    def test_with_a_wrong_old_password_counts_as_a_bad_one(
        self, signed_in: SignedIn, sample: Sample, mia: User
    ) -> None:
        connection = signed_in("mia.keller")
        for _ in range(3):
            assert modified(connection, mia, changed("wrong", NEW)) == "19 00000056"
        assert sample.domain.is_locked("mia.keller")
        own = sample.passwords["mia.keller"]
        assert modified(connection, mia, changed(own, NEW)) == "19 00000775"

    def test_obeys_policy_history_and_minimum_age(
        self, signed_in: SignedIn, sample: Sample, mia: User, clock: Clock
    ) -> None:
        connection, own = signed_in("mia.keller"), sample.passwords["mia.keller"]
        assert modified(connection, mia, changed(own, "short")) == "19 0000052D"
        assert modified(connection, mia, changed(own, own)) == "19 0000052D"
        assert modified(connection, mia, changed(own, NEW)) == "0"
        assert modified(connection, mia, changed(NEW, f"{NEW}-again")) == "19 0000052D"
        clock.turn(timedelta(days=1))
        assert modified(connection, mia, changed(NEW, own)) == "19 0000052D"
        assert modified(connection, mia, changed(NEW, f"{NEW}-again")) == "0"

    def test_is_not_a_reset_without_the_old_password(self, signed_in: SignedIn, mia: User) -> None:
        connection = signed_in("mia.keller")
        assert modified(connection, mia, replaced(unicodePwd=quoted(NEW))) == "50 00000005"
        only_add = {"unicodePwd": [(ldap3.MODIFY_ADD, [quoted(NEW)])]}
        assert modified(connection, mia, only_add) == "53 00000057"


class TestRights:
    def test_a_delegated_account_unlocks_and_forces_a_change(
        self, service: Any, sample: Sample, mia: User
    ) -> None:
        sample.domain.lock_out("mia.keller")
        assert modified(service, mia, replaced(lockoutTime="0")) == "0"
        assert not sample.domain.is_locked("mia.keller")
        assert modified(service, mia, replaced(pwdLastSet="0")) == "0"
        assert mia.password_last_set == 0
        assert modified(service, mia, replaced(pwdLastSet="-1")) == "0"
        assert mia.password_last_set > 0

    @pytest.mark.parametrize("username", ["dana.whitfield", "Administrator", "svc-resetline"])
    def test_a_delegated_account_reaches_nobody_elsewhere(
        self, service: Any, sample: Sample, username: str
    ) -> None:
        user = sample.domain.user(username)
        for changes in (replaced(unicodePwd=quoted(NEW)), replaced(lockoutTime="0")):
            assert modified(service, user, changes) == "50 00000005"

    def test_an_administrator_among_the_staff_is_out_of_reach_once_stamped(
        self, service: Any, sample: Sample, mia: User
    ) -> None:
        domain = sample.domain
        domain.link(domain.group("Sales"), domain.user("noah.lindqvist"))
        domain.link(domain.group("Backup Operators"), domain.group("Sales"))
        assert modified(service, mia, replaced(pwdLastSet="0")) == "0"
        domain.protect_administrators()
        assert mia.admin_count == 1
        assert modified(service, mia, replaced(pwdLastSet="0")) == "50 00000005"

    def test_a_delegated_account_changes_nothing_else(self, service: Any, mia: User) -> None:
        for changes in (replaced(mobile="+12025550100"), replaced(userAccountControl="512")):
            assert modified(service, mia, changes) == "50 00000005"

    def test_an_ordinary_person_changes_nobody(self, signed_in: SignedIn, mia: User) -> None:
        connection = signed_in("sam.ortiz")
        for changes in (replaced(unicodePwd=quoted(NEW)), replaced(lockoutTime="0")):
            assert modified(connection, mia, changes) == "50 00000005"

    def test_an_administrator_changes_everybody_and_their_particulars(
        self, signed_in: SignedIn, sample: Sample, mia: User
    ) -> None:
        administrator = signed_in("dana.whitfield")
        changes = replaced(unicodePwd=quoted(NEW), mobile="+12025550100", userAccountControl="514")
        assert modified(administrator, mia, changes) == "0"
        assert (mia.mobile, mia.control) == ("+12025550100", 514)
        gone: dict[str, Any] = {"mobile": [(ldap3.MODIFY_DELETE, [])]}
        assert modified(administrator, mia, gone) == "0"
        assert modified(administrator, mia, gone) == "16 00002085"

    def test_an_administrator_changes_who_belongs_to_a_group(
        self, signed_in: SignedIn, sample: Sample, mia: User
    ) -> None:
        group = sample.domain.group("Logistics")
        administrator, service = signed_in("Administrator"), signed_in("svc-resetline")
        joined = {"member": [(ldap3.MODIFY_ADD, [mia.dn])]}
        assert not service.modify(group.dn, joined)
        assert administrator.modify(group.dn, joined)
        assert group.dn in mia.texts("memberOf")
        assert administrator.modify(group.dn, {"member": [(ldap3.MODIFY_DELETE, [mia.dn])]})
        assert group.dn not in mia.texts("memberOf")

    def test_nobody_changes_anything_before_signing_in(
        self, server: ActiveDirectoryServer, mia: User
    ) -> None:
        connection = connect(server)
        connection.bind()
        assert modified(connection, mia, replaced(lockoutTime="0")) == "1 000004DC"
        connection.unbind()

    def test_what_may_be_written_is_told_when_it_is_asked_for(
        self, service: Any, sample: Sample, mia: User
    ) -> None:
        for dn, told in (
            (mia.dn, {b"lockoutTime", b"pwdLastSet"}),
            (sample.domain.user("dana.whitfield").dn, set()),
        ):
            service.search(dn, "(objectClass=*)", "BASE", attributes=["allowedAttributesEffective"])
            found = service.response[0]["raw_attributes"]
            assert set(found.get("allowedAttributesEffective", [])) == told


class TestFineGrainedPolicies:
    def test_rule_instead_of_the_domains_where_they_apply(
        self, service: Any, sample: Sample, mia: User
    ) -> None:
        domain = sample.domain
        strict = Policy(min_length=20)
        domain.add_fine_grained_policy("Sales", strict, applies_to=[domain.group("Sales")])
        assert modified(service, mia, replaced(unicodePwd=quoted(NEW))) == "53 0000052D"
        domain.add_fine_grained_policy("Mia", Policy(), applies_to=[mia], precedence=99)
        assert modified(service, mia, replaced(unicodePwd=quoted(NEW))) == "0"

    def test_of_the_lowest_precedence_win(self, sample: Sample, mia: User) -> None:
        domain = sample.domain
        for length in (8, 6, 7):
            domain.add_fine_grained_policy(
                str(length), Policy(min_length=length), applies_to=[mia], precedence=length
            )
        assert domain.policy_of(mia).min_length == 6


def test_a_password_is_not_set_over_a_channel_in_clear(
    server: ActiveDirectoryServer, mia: User
) -> None:
    connection = connect(server, url=server.ldap_url)
    connection.bind()
    connection.modify(mia.dn, replaced(unicodePwd=quoted(NEW)))
    assert connection.result["result"] == 1
    connection.unbind()
