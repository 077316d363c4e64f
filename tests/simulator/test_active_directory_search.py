"""Searching the simulated Active Directory: scopes, filters, attributes, pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import ldap3
import pytest
from ldap3.utils.conv import escape_bytes

from simulator.active_directory import (
    ActiveDirectoryServer,
    Clock,
    Control,
    Policy,
    Sample,
    ber,
    sample_domain,
)
from simulator.active_directory.trial import connect

# On Python 3.11 ldap3 still calls what that version deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")

NEVER = b"9223372036854775807"
FOREVER = b"-9223372036854775808"
PEOPLE = "(&(objectCategory=person)(objectClass=user)(sAMAccountType=805306368))"
COMPUTED = "msDS-User-Account-Control-Computed"
EXPIRY = "msDS-UserPasswordExpiryTimeComputed"
PAGED = "1.2.840.113556.1.4.319"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sample(clock: Clock) -> Sample:
    return sample_domain(now=clock)


@pytest.fixture
def server(sample: Sample) -> Iterator[ActiveDirectoryServer]:
    with ActiveDirectoryServer(sample.domain) as server:
        yield server


@pytest.fixture
def service(server: ActiveDirectoryServer, sample: Sample) -> Iterator[Any]:
    connection = connect(server, sample.service_dn, sample.service_password)
    assert connection.bind()
    yield connection
    connection.unbind()


def entries(connection: Any) -> list[dict[str, Any]]:
    return [each for each in connection.response or [] if each["type"] == "searchResEntry"]


def names(connection: Any) -> set[str]:
    return {each["dn"].partition(",")[0].partition("=")[2] for each in entries(connection)}


def found(connection: Any, base: str, where: str, scope: str = "SUBTREE") -> set[str]:
    connection.search(base, where, scope)
    assert connection.result["result"] == 0, connection.result
    return names(connection)


def first_page(connection: Any, base: str) -> bytes:
    connection.search(base, PEOPLE, paged_size=2)
    assert len(entries(connection)) == 2
    return next_cookie(connection)


def next_cookie(connection: Any) -> bytes:
    return bytes(connection.result["controls"][PAGED]["value"]["cookie"])


def raw(connection: Any, base: str, *attributes: str) -> dict[str, list[bytes]]:
    connection.search(base, "(objectClass=*)", "BASE", attributes=list(attributes))
    assert connection.result["result"] == 0, connection.result
    return dict(entries(connection)[0]["raw_attributes"])


class TestScopes:
    def test_base_one_level_and_subtree_reach_as_far_as_they_say(
        self, service: Any, sample: Sample
    ) -> None:
        teams = sample.domain.add_ou("Teams", under="OU=Staff")
        sample.domain.add_user("deep", ou=teams)
        where = "(|(objectClass=user)(objectClass=organizationalUnit))"
        assert found(service, sample.staff_dn, where, "BASE") == {"Staff"}
        assert "Teams" in found(service, sample.staff_dn, where, "LEVEL")
        assert "deep" not in names(service)
        assert {"Staff", "Teams", "deep", "Mia Keller"} <= found(service, sample.staff_dn, where)

    @pytest.mark.parametrize("where", ["(sAMAccountName=svc-resetline)", "(displayName=Resetline)"])
    def test_whoever_stands_elsewhere_is_not_found(
        self, service: Any, sample: Sample, where: str
    ) -> None:
        assert found(service, sample.staff_dn, where) == set()
        assert found(service, sample.domain.base_dn, where) == {"Resetline"}
        assert found(service, sample.domain.base_dn, where, "LEVEL") == set()

    def test_a_base_is_named_in_any_case_and_by_guid_or_sid(
        self, service: Any, sample: Sample
    ) -> None:
        mia = sample.domain.user("mia.keller")
        bases = (mia.dn.upper(), f"<GUID={mia.guid}>", f"<SID={mia.sid.hex()}>")
        assert [found(service, base, "(objectClass=*)", "BASE") for base in bases] == [
            {"Mia Keller"}
        ] * 3

    def test_a_base_that_does_not_exist_is_told_with_what_does(
        self, service: Any, sample: Sample
    ) -> None:
        service.search(f"OU=Nowhere,{sample.staff_dn}", "(objectClass=*)")
        assert service.result["result"] == 32
        assert service.result["dn"] == sample.staff_dn
        service.search("<GUID=00000000-0000-0000-0000-000000000001>", "(objectClass=*)")
        assert service.result["result"] == 32

    @pytest.mark.parametrize("base", ["<GUID=zzz>", "<SID=S-1-x>"])
    def test_a_malformed_base_is_told(self, service: Any, base: str) -> None:
        service.search(base, "(objectClass=*)")
        assert service.result["result"] == 34

    def test_the_domain_ends_with_references_and_without_its_configuration(
        self, service: Any, sample: Sample
    ) -> None:
        found(service, sample.domain.base_dn, "(objectClass=server)")
        assert entries(service) == []
        references = [each for each in service.response if each["type"] == "searchResRef"]
        assert len(references) == 3
        assert found(service, sample.domain.configuration_dn, "(objectClass=server)") == {"DC1"}

    def test_nothing_is_told_before_signing_in(self, server: ActiveDirectoryServer) -> None:
        connection = connect(server)
        connection.bind()
        connection.search(server.domain.base_dn, "(objectClass=*)", "BASE")
        assert connection.result["result"] == 1
        assert connection.result["message"].startswith("000004DC: LdapErr")
        connection.unbind()


class TestFilters:
    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            ("(sAMAccountName=MIA.keller)", {"Mia Keller"}),
            ("(userPrincipalName=mia.keller@northwind.example.test)", {"Mia Keller"}),
            ("(|(sAMAccountName=mia.keller)(userPrincipalName=mia.keller))", {"Mia Keller"}),
            ("(|(sAMAccountName=mia.keller)(sn=nair))", {"Mia Keller", "Priya Nair"}),
            ("(sAMAccountName=nobody)", set()),
            ("(displayName=léa fontaine)", {"Léa Fontaine"}),
            ("(displayName=L\\c3\\a9a*)", {"Léa Fontaine"}),
            ("(sAMAccountName=*a.*)", {"Mia Keller", "Priya Nair", "Léa Fontaine", "Nina Alvarez"}),
            ("(sAMAccountName=m*a*k*r)", {"Mia Keller"}),
            ("(sAMAccountName=*keller*keller)", set()),
            ("(preferredLanguage>=es)", {"Sam Ortiz", "Léa Fontaine"}),
            ("(preferredLanguage<=de)", {"Mia Keller"}),
            ("(!(mobile=*))", {"Nina Alvarez"}),
            ("(&(objectClass=user)(!(department=Sales))(sn=Nair))", {"Priya Nair"}),
            ("(userAccountControl:1.2.840.113556.1.4.803:=2)", {"Tom Becker"}),
            ("(userAccountControl:1.2.840.113556.1.4.803:=514)", {"Tom Becker"}),
            ("(&(sn=*e*)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))", None),
            ("(userAccountControl:1.2.840.113556.1.4.804:=3)", {"Tom Becker"}),
            ("(userAccountControl:9.9.9:=2)", set()),
            ("(!(userAccountControl:9.9.9:=2))", set()),
            ("(userAccountControl:1.2.840.113556.1.4.803:=two)", set()),
            (f"({EXPIRY}>=1)", set()),
            (f"(!({EXPIRY}>=1))", set()),
            (f"({COMPUTED}=*)", set()),
            ("(pwdLastSet=soon)", set()),
            ("(noSuchAttribute=x)", set()),
        ],
    )
    def test_find_whom_they_describe(
        self, service: Any, sample: Sample, where: str, expected: set[str] | None
    ) -> None:
        if expected is None:
            expected = {"Mia Keller", "Léa Fontaine", "Nina Alvarez"}
        assert found(service, sample.staff_dn, f"(&{PEOPLE}{where})") == expected

    def test_compare_numbers_as_numbers(self, service: Any, sample: Sample) -> None:
        mia = sample.domain.user("mia.keller")
        domain = sample.domain
        domain.put(mia, "pwdLastSet", 99)
        assert found(service, sample.staff_dn, f"(&{PEOPLE}(pwdLastSet<=100))") == {"Mia Keller"}
        assert found(service, sample.staff_dn, "(&(pwdLastSet>=99)(pwdLastSet<=99))") == {
            "Mia Keller"
        }

    def test_know_a_person_from_a_computer(self, service: Any, sample: Sample) -> None:
        base = sample.domain.base_dn
        assert "DC1" in found(service, base, "(objectClass=user)")
        assert "DC1" not in found(service, base, "(&(objectCategory=person)(objectClass=user))")
        schema = f"CN=Schema,CN=Configuration,{base}"
        assert "Mia Keller" in found(service, base, f"(objectCategory=CN=Person,{schema})")
        assert found(service, base, "(objectCategory=computer)") == {"DC1"}

    def test_compare_identities_as_bytes_or_as_a_sid_is_written(
        self, service: Any, sample: Sample
    ) -> None:
        mia, base = sample.domain.user("mia.keller"), sample.domain.base_dn
        for value in (escape_bytes(mia.guid.bytes_le), escape_bytes(mia.raw("objectGUID"))):
            assert found(service, base, f"(objectGUID={value})") == {"Mia Keller"}
        assert found(service, base, f"(objectSid={escape_bytes(mia.sid)})") == {"Mia Keller"}
        assert found(service, base, "(objectSid=S-1-5-32-544)") == {"Administrators"}

    def test_follow_memberships_however_deep(self, service: Any, sample: Sample) -> None:
        group = f"CN=All Staff,{sample.staff_dn}"
        assert found(service, sample.staff_dn, f"(memberOf={group.lower()})") == {
            "Sales",
            "Logistics",
        }
        deep = f"(&{PEOPLE}(memberOf:1.2.840.113556.1.4.1941:={group}))"
        assert len(found(service, sample.staff_dn, deep)) == 7
        up = f"(member:1.2.840.113556.1.4.1941:={sample.domain.user('mia.keller').dn})"
        assert found(service, sample.staff_dn, up) == {"Sales", "All Staff"}

    def test_stop_at_a_circle_of_groups(self, service: Any, sample: Sample) -> None:
        domain = sample.domain
        domain.link(domain.group("Sales"), domain.group("All Staff"))
        deep = f"(memberOf:1.2.840.113556.1.4.1941:=CN=Sales,{sample.staff_dn})"
        assert {"Priya Nair", "Sales"} <= found(service, sample.staff_dn, deep)

    def test_take_escaped_letters_for_what_they_are(self, service: Any, sample: Sample) -> None:
        sample.domain.add_user("odd", ou="OU=Staff", name="Keller, Mia (Sales) *")
        assert found(service, sample.staff_dn, "(cn=Keller, Mia \\28Sales\\29 \\2a)") == {
            "Keller\\"
        }
        dn = sample.domain.user("odd").dn
        assert raw(service, dn, "cn") == {"cn": [b"Keller, Mia (Sales) *"]}


class TestAttributes:
    def test_all_that_is_stored_and_nothing_computed_is_told_unasked(
        self, service: Any, sample: Sample
    ) -> None:
        told = raw(service, sample.domain.user("mia.keller").dn, "*")
        assert {"objectGUID", "sAMAccountName", "memberOf", "uSNChanged"} <= told.keys()
        assert not {COMPUTED, EXPIRY, "tokenGroups", "unicodePwd", "adminCount"} & told.keys()
        assert "lockoutTime" not in told

    def test_only_what_is_asked_for_is_told_in_the_schemas_spelling(
        self, service: Any, sample: Sample
    ) -> None:
        dn = sample.domain.user("mia.keller").dn
        assert raw(service, dn, "SAMACCOUNTNAME", "nonsense") == {"sAMAccountName": [b"mia.keller"]}
        assert raw(service, dn, "1.1") == {}

    def test_the_names_alone_may_be_asked_for(self, service: Any, sample: Sample) -> None:
        service.search(
            sample.staff_dn, "(objectClass=*)", "BASE", attributes=["ou"], types_only=True
        )
        assert list(entries(service)[0]["raw_attributes"]) == ["ou"]

    def test_a_lockout_is_computed_with_its_duration(
        self, service: Any, sample: Sample, clock: Clock
    ) -> None:
        dn = sample.domain.user("mia.keller").dn
        assert raw(service, dn, COMPUTED) == {COMPUTED: [b"0"]}
        sample.domain.lock_out("mia.keller")
        assert raw(service, dn, COMPUTED) == {COMPUTED: [b"16"]}
        clock.turn(timedelta(minutes=30))
        assert raw(service, dn, COMPUTED) == {COMPUTED: [b"0"]}
        assert raw(service, dn, "lockoutTime")["lockoutTime"] != [b"0"]

    def test_the_end_of_a_password_is_computed(
        self, service: Any, sample: Sample, clock: Clock
    ) -> None:
        mia = sample.domain.user("mia.keller")
        ninety_days = 90 * 24 * 3600 * 10_000_000
        expiry = str(mia.password_last_set + ninety_days).encode()
        assert raw(service, mia.dn, EXPIRY) == {EXPIRY: [expiry]}
        clock.turn(timedelta(days=70))
        assert raw(service, mia.dn, COMPUTED) == {COMPUTED: [str(0x800000).encode()]}
        sample.domain.set_password("mia.keller", "Walnut-Copper-77", must_change=True)
        assert raw(service, mia.dn, EXPIRY, COMPUTED) == {
            EXPIRY: [b"0"],
            COMPUTED: [str(0x800000).encode()],
        }
        sample.domain.put(mia, "userAccountControl", 512 | Control.PASSWORD_NEVER_EXPIRES)
        assert raw(service, mia.dn, EXPIRY, COMPUTED) == {EXPIRY: [NEVER], COMPUTED: [b"0"]}

    def test_a_domain_without_expiry_says_never(self, service: Any, sample: Sample) -> None:
        sample.domain.policy = Policy(max_age=None, lockout_duration=None)
        assert raw(service, sample.domain.user("mia.keller").dn, EXPIRY) == {EXPIRY: [NEVER]}
        told = raw(service, sample.domain.base_dn, "maxPwdAge", "lockoutDuration")
        assert told == {"maxPwdAge": [FOREVER], "lockoutDuration": [FOREVER]}

    def test_the_token_holds_nested_and_primary_groups_but_no_mailing_lists(
        self, service: Any, sample: Sample
    ) -> None:
        domain = sample.domain
        mailing_list = domain.add_group("List", members=["mia.keller"], security=False)
        told = raw(service, domain.user("mia.keller").dn, "tokenGroups")["tokenGroups"]
        for name in ("Sales", "All Staff", "Domain Users", "Users"):
            assert domain.group(name).sid in told
        assert mailing_list.sid not in told
        assert domain.group("Administrators").sid not in told
        dana = raw(service, domain.user("dana.whitfield").dn, "tokenGroups", "adminCount")
        assert domain.group("Administrators").sid in dana["tokenGroups"]
        assert dana["adminCount"] == [b"1"]

    def test_the_token_is_told_for_one_person_at_a_time(self, service: Any, sample: Sample) -> None:
        service.search(sample.staff_dn, PEOPLE, attributes=["tokenGroups"])
        assert service.result["result"] == 1
        assert service.result["message"].startswith("00002120: SvcErr")

    def test_the_head_of_the_domain_tells_its_policy(self, service: Any, sample: Sample) -> None:
        told = raw(service, sample.domain.base_dn, "*")
        assert told["minPwdLength"] == [b"12"]
        assert told["pwdProperties"] == [b"1"]
        assert told["lockoutThreshold"] == [b"3"]
        assert told["lockoutDuration"] == [b"-18000000000"]
        assert told["lockOutObservationWindow"] == [b"-18000000000"]
        assert told["maxPwdAge"] == [b"-77760000000000"]
        assert told["minPwdAge"] == [b"-864000000000"]
        assert told["pwdHistoryLength"] == [b"24"]

    def test_a_fine_grained_policy_is_named_and_hidden_until_it_is_revealed(
        self, service: Any, sample: Sample
    ) -> None:
        domain, mia = sample.domain, sample.domain.user("mia.keller")
        dn = domain.add_fine_grained_policy("Strict", Policy(min_length=20), applies_to=[mia])
        assert raw(service, mia.dn, "msDS-ResultantPSO") == {"msDS-ResultantPSO": [dn.encode()]}
        assert raw(service, domain.user("sam.ortiz").dn, "msDS-ResultantPSO") == {}
        assert found(service, domain.base_dn, "(objectClass=msDS-PasswordSettings)") == set()
        service.search(dn, "(objectClass=*)", "BASE")
        assert service.result["result"] == 32
        domain.reveal(dn)
        told = raw(service, dn, "msDS-MinimumPasswordLength", "msDS-PasswordComplexityEnabled")
        assert told["msDS-MinimumPasswordLength"] == [b"20"]
        assert told["msDS-PasswordComplexityEnabled"] == [b"TRUE"]


class TestPages:
    @pytest.fixture
    def crowd(self, sample: Sample) -> str:
        crowd = sample.domain.add_ou("Crowd")
        for number in range(1203):
            sample.domain.add_user(f"user{number:04}", ou=crowd)
        return crowd

    def test_everybody_is_found_once(self, service: Any, crowd: str) -> None:
        generator = service.extend.standard.paged_search(
            crowd, PEOPLE, attributes=["sAMAccountName"], paged_size=500, generator=True
        )
        usernames = [each["raw_attributes"]["sAMAccountName"][0] for each in generator]
        assert len(usernames) == len(set(usernames)) == 1203

    def test_an_answer_in_one_piece_ends_at_a_thousand(self, service: Any, crowd: str) -> None:
        service.search(crowd, PEOPLE)
        assert len(entries(service)) == 1000
        assert service.result["result"] == 4

    def test_a_page_is_no_larger_than_a_thousand_either(self, service: Any, crowd: str) -> None:
        service.search(crowd, PEOPLE, paged_size=5000)
        assert len(entries(service)) == 1000

    def test_a_size_limit_is_kept(self, service: Any, sample: Sample) -> None:
        service.search(sample.staff_dn, PEOPLE, size_limit=2)
        assert len(entries(service)) == 2
        assert service.result["result"] == 4
        service.search(sample.staff_dn, PEOPLE, size_limit=7)
        assert service.result["result"] == 0

    def test_a_cookie_means_nothing_on_another_connection(
        self, server: ActiveDirectoryServer, service: Any, sample: Sample
    ) -> None:
        cookie = first_page(service, sample.staff_dn)
        other = connect(server, sample.service_dn, sample.service_password)
        other.bind()
        other.search(sample.staff_dn, PEOPLE, paged_size=2, paged_cookie=cookie)
        assert other.result["result"] == 12
        assert other.result["message"].startswith("00000057")
        other.unbind()

    def test_a_cookie_means_nothing_with_another_search(self, service: Any, sample: Sample) -> None:
        cookie = first_page(service, sample.staff_dn)
        service.search(sample.staff_dn, "(sn=Keller)", paged_size=2, paged_cookie=cookie)
        assert service.result["result"] == 12

    def test_a_cookie_is_good_for_one_page(self, service: Any, sample: Sample) -> None:
        cookie = first_page(service, sample.staff_dn)
        for expected in (0, 12):
            service.search(sample.staff_dn, PEOPLE, paged_size=2, paged_cookie=cookie)
            assert service.result["result"] == expected

    def test_a_page_of_no_size_ends_the_search(self, service: Any, sample: Sample) -> None:
        cookie = first_page(service, sample.staff_dn)
        ended = ber.element(ber.SEQUENCE, ber.integer(0), ber.octets(cookie))
        service.search(sample.staff_dn, PEOPLE, controls=[(PAGED, True, ended)])
        assert service.result["result"] == 0
        assert entries(service) == []
        assert next_cookie(service) == b""

    def test_who_is_deleted_or_moved_between_two_pages_is_not_told(
        self, service: Any, sample: Sample
    ) -> None:
        cookie = first_page(service, sample.staff_dn)
        sample.domain.remove(sample.domain.user("noah.lindqvist"))
        sample.domain.move(sample.domain.user("lea.fontaine"), f"CN=Users,{sample.domain.base_dn}")
        service.search(sample.staff_dn, PEOPLE, paged_size=9, paged_cookie=cookie)
        assert names(service) == {"Nina Alvarez", "Priya Nair", "Tom Becker"}
        assert next_cookie(service) == b""

    def test_a_full_last_page_is_the_last(self, service: Any, sample: Sample) -> None:
        cookie = first_page(service, sample.staff_dn)
        service.search(sample.staff_dn, PEOPLE, paged_size=5, paged_cookie=cookie)
        assert len(entries(service)) == 5
        assert next_cookie(service) == b""


class TestControls:
    def test_an_unknown_control_is_refused_only_if_it_is_critical(
        self, service: Any, sample: Sample
    ) -> None:
        service.search(sample.staff_dn, PEOPLE, controls=[("1.2.3.4", True, None)])
        assert service.result["result"] == 12
        assert service.result["message"].startswith("00000057")
        service.search(sample.staff_dn, PEOPLE, controls=[("1.2.3.4", False, None)])
        assert service.result["result"] == 0

    def test_a_control_that_is_wrongly_encoded_is_refused(
        self, service: Any, sample: Sample
    ) -> None:
        hints = ("1.2.840.113556.1.4.2239", True, b"\x01")
        change = {"pwdLastSet": [(ldap3.MODIFY_REPLACE, ["0"])]}
        service.modify(sample.domain.user("mia.keller").dn, change, controls=[hints])
        assert service.result["result"] == 12

    def test_a_server_may_lack_the_policy_hints(self, sample: Sample) -> None:
        old = ("1.2.840.113556.1.4.319",)
        hints = ("1.2.840.113556.1.4.2239", True, b"\x30\x03\x02\x01\x01")
        with ActiveDirectoryServer(sample.domain, name="OLD", supported_controls=old) as server:
            connection = connect(server, sample.service_dn, sample.service_password)
            connection.bind()
            change = {"pwdLastSet": [(ldap3.MODIFY_REPLACE, ["0"])]}
            connection.modify(sample.domain.user("mia.keller").dn, change, controls=[hints])
            assert connection.result["result"] == 12
            assert raw(connection, "", "supportedControl") == {
                "supportedControl": [b"1.2.840.113556.1.4.319"]
            }
            connection.unbind()

    def test_the_domain_scope_leaves_the_references_out(self, service: Any, sample: Sample) -> None:
        scope = ("1.2.840.113556.1.4.1339", True, None)
        service.search(sample.domain.base_dn, "(sn=Keller)", controls=[scope])
        assert [each["type"] for each in service.response] == ["searchResEntry"]
