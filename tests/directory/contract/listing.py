"""What must hold when people are listed: everybody once, whoever they are, and nobody half."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any
from uuid import UUID, uuid4

import pytest

from directory.accounts import Directory
from directory.errors import DirectoryMisconfigured, Refusal
from directory.people import DirectoryPerson, PeopleSource
from tests.directory.contract.world import (
    DISABLED,
    NORMAL,
    PASSWORD_NOT_REQUIRED,
    SMART_CARD,
    World,
    connected,
)

LONG_PAST = 116444736000000000


class Listing:
    """Inherited by the contract. Each test has a container of its own, as Samba's is for all."""

    @pytest.fixture
    def here(self, world: World) -> str:
        """A new container below the base."""
        return world.add_container()

    def test_everything_that_a_listing_tells_of_somebody(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        user = world.add_user(
            parent=here,
            displayName="Mia Keller",
            mail="mia.keller@northwind.example",
            mobile=" +1 (415)  555-0111 ",
            otherMobile=["0044 20 7946 0123", "ext. 4"],
            preferredLanguage="de-CH",
            c="GB",
        )
        assert people(accounts, places=[here]) == [
            DirectoryPerson(
                guid=user,
                username=world.text(user, "sAMAccountName"),
                principal_name=world.text(user, "userPrincipalName"),
                display_name="Mia Keller",
                email="mia.keller@northwind.example",
                phones=people(accounts, places=[here])[0].phones,
                language="de-CH",
                country="GB",
                inactive=None,
                ineligible=None,
            )
        ]
        first, *others = people(accounts, places=[here])[0].phones
        assert first == "+1 (415) 555-0111"
        assert set(others) == {"0044 20 7946 0123", "ext. 4"}, "a directory keeps these unordered"

    def test_what_nobody_has_written_is_empty(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        user = world.add_user(parent=here, displayName=None, userPrincipalName=None)
        (person,) = people(accounts, places=[here])
        assert person.display_name == person.username == world.text(user, "sAMAccountName")
        told = (person.principal_name, person.email, person.phones, person.language, person.country)
        assert told == ("", "", (), "", "")

    def test_numbers_come_in_the_order_of_the_attributes(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        world.add_user(parent=here, mobile="1", telephoneNumber="2", homePhone="3", pager="4")
        for wanted in (("homePhone", "mobile"), ("telephoneNumber", "pager", "mobile")):
            (person,) = people(accounts, places=[here], phone_attributes=wanted)
            numbers = {"mobile": "1", "telephoneNumber": "2", "homePhone": "3", "pager": "4"}
            assert person.phones == tuple(numbers[each] for each in wanted)

    def test_more_than_one_page_tells_everybody_once(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        users = {world.add_user(parent=here) for _ in range(7)}
        for page_size in (1, 2, 3, 7, 8):
            told = people(accounts, places=[here], page_size=page_size)
            assert sorted(person.guid for person in told) == sorted(users)

    @pytest.mark.parametrize(
        ("attributes", "inactive", "ineligible"),
        [
            ({"userAccountControl": NORMAL | DISABLED}, Refusal.DISABLED, None),
            ({"accountExpires": LONG_PAST}, Refusal.EXPIRED, None),
            ({"accountExpires": 0}, None, None),
            ({"userAccountControl": NORMAL | SMART_CARD}, None, Refusal.SMART_CARD_ONLY),
            (
                {"userAccountControl": NORMAL | PASSWORD_NOT_REQUIRED},
                None,
                Refusal.PASSWORD_NOT_REQUIRED,
            ),
            ({"adminCount": 1}, None, Refusal.PROTECTED),
            (
                {"adminCount": 1, "userAccountControl": NORMAL | DISABLED | SMART_CARD},
                Refusal.DISABLED,
                Refusal.PROTECTED,
            ),
        ],
    )
    def test_how_an_account_stands_is_told(
        self,
        world: World,
        accounts: Directory,
        here: str,
        attributes: dict[str, Any],
        inactive: Refusal | None,
        ineligible: Refusal | None,
    ) -> None:
        world.add_user(parent=here, **attributes)
        (person,) = people(accounts, places=[here])
        assert (person.inactive, person.ineligible) == (inactive, ineligible)

    def test_a_renamed_and_moved_account_keeps_its_id(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        user, elsewhere = world.add_user(parent=here), world.add_container()
        world.set(user, sAMAccountName="n" + uuid4().hex[:8])
        world.move(user, elsewhere)
        assert people(accounts, places=[here]) == []
        (person,) = people(accounts, places=[elsewhere])
        assert (person.guid, person.username) == (user, world.text(user, "sAMAccountName"))

    def test_a_deleted_account_and_what_is_no_person_are_not_listed(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        world.delete(world.add_user(parent=here))
        world.add_group(parent=here)
        stays = world.add_user(parent=here)
        assert guids(accounts, places=[here]) == {stays}

    def test_places_within_places_and_named_twice_tell_everybody_once(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        inner, other = world.add_container(here), world.add_container()
        users = {world.add_user(parent=each) for each in (here, inner, other)}
        places = [inner, here, other, here.upper(), other]
        told = [person.guid for person in people(accounts, places=places, page_size=1)]
        assert sorted(told) == sorted(users)

    def test_without_a_place_everybody_below_the_base_is_listed(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        user, outsider = world.add_user(parent=here), world.add_user(parent=world.elsewhere_dn)
        told = guids(accounts)
        assert user in told
        assert outsider not in told

    def test_a_group_has_its_nested_members_too(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        direct, nested, _ = (world.add_user(parent=here) for _ in range(3))
        outsider = world.add_user(parent=world.elsewhere_dn)
        inner = world.add_group(members=[world.dn(nested)])
        outer = world.add_group(members=[world.dn(direct), inner, world.dn(outsider)])
        assert guids(accounts, groups=[outer], page_size=1) == {direct, nested}
        assert guids(accounts, groups=[inner]) == {nested}
        assert guids(accounts, groups=[inner, outer]) == {direct, nested}

    def test_a_mailing_list_will_do_as_a_group(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        user = world.add_user(parent=here)
        group = world.add_group(members=[world.dn(user)], security=False)
        assert guids(accounts, groups=[group]) == {user}

    def test_a_place_and_a_group_mean_who_is_in_both(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        both, place_only, group_only = (
            world.add_user(parent=each) for each in (here, here, world.add_container())
        )
        group = world.add_group(members=[world.dn(both), world.dn(group_only)])
        assert guids(accounts, places=[here], groups=[group]) == {both}
        assert place_only not in guids(accounts, groups=[group])

    def test_a_primary_group_counts_as_a_group(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        """It stands in no list of members: everybody's is Domain Users at first."""
        user = world.add_user(parent=here)
        domain_users = f"CN=Domain Users,CN=Users,{world.domain_dn}"
        around = world.add_group(members=[domain_users])
        for group in (domain_users, around):
            assert guids(accounts, places=[here], groups=[group]) == {user}

    def test_only_some_can_be_asked_for(self, world: World, accounts: Directory, here: str) -> None:
        first, second, _ = (world.add_user(parent=here) for _ in range(3))
        elsewhere = world.add_user(parent=world.add_container())
        wanted = [first, second, elsewhere, uuid4()]
        assert guids(accounts, places=[here], guids=wanted, page_size=1) == {first, second}

    def test_a_place_with_nobody_in_it_is_an_empty_listing(
        self, accounts: Directory, here: str
    ) -> None:
        assert people(accounts, places=[here]) == []

    def test_a_place_or_group_that_is_not_there_is_an_error(
        self, world: World, accounts: Directory
    ) -> None:
        missing = f"OU=Gone,{world.staff_dn}"
        for source in (PeopleSource(places=[missing]), PeopleSource(groups=[missing])):
            with pytest.raises(DirectoryMisconfigured, match="OU=Gone"):
                list(accounts.people(source))

    def test_what_is_no_group_is_not_taken_for_one(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        with pytest.raises(DirectoryMisconfigured, match="is not a group"):
            list(accounts.people(PeopleSource(groups=[here])))

    def test_a_source_that_is_not_sound_is_refused_at_once(
        self, world: World, accounts: Directory
    ) -> None:
        for source, said in (
            (PeopleSource(places=[world.elsewhere_dn]), "does not lie below the base DN"),
            (PeopleSource(places=["Staff"]), "not a distinguished name"),
            (PeopleSource(groups=["Sales"]), "not a distinguished name"),
            (PeopleSource(phone_attributes=["mobile)(x"]), "not the name of an attribute"),
            (PeopleSource(page_size=0), "a page holds 1 to 500"),
            (PeopleSource(page_size=501), "a page holds 1 to 500"),
        ):
            with pytest.raises(DirectoryMisconfigured, match=said):
                accounts.people(source)

    def test_other_questions_may_come_between_two_pages(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        users = {world.add_user(parent=here) for _ in range(3)}
        told: set[UUID] = set()
        for person in accounts.people(PeopleSource(places=[here], page_size=1)):
            assert person.guid is not None
            told.add(accounts.read(person.guid).guid)
        assert told == users

    def test_a_listing_that_is_broken_off_leaves_the_directory_usable(
        self, world: World, accounts: Directory, here: str
    ) -> None:
        user = world.add_user(parent=here)
        world.add_user(parent=here)
        begun = accounts.people(PeopleSource(places=[here], page_size=1))
        with closing(begun):  # type: ignore[type-var]  # every directory's is a generator
            next(begun)
        assert accounts.read(user).guid == user

    def test_people_can_be_listed_says_the_check(self, world: World, here: str) -> None:
        world.add_user(parent=here)
        with closing(connected(world, base_dn=here)) as accounts:
            (check,) = [check for check in accounts.check() if check.name == "people"]
        assert (check.ok, check.detail) == (True, "1 can be listed")


def people(accounts: Directory, **source: Any) -> Sequence[DirectoryPerson]:
    return list(_good(accounts, source))


def guids(accounts: Directory, **source: Any) -> set[UUID]:
    return {person.guid for person in _good(accounts, source)}


def _good(accounts: Directory, source: dict[str, Any]) -> Iterator[DirectoryPerson]:
    for each in accounts.people(PeopleSource(**source)):
        assert isinstance(each, DirectoryPerson), each
        yield each
