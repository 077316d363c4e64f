"""Numbers of the directory: whose word counts for more, and what a directory may never do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.policy import Scope
from gateway.records import InboundMessage, Organization, OutboundMessage, PolicyValue, Request
from tests.gateway.engine.sync.conftest import Office, account, changed
from tests.world import MIA, OUR_NUMBER

BRITISH = "+447400123456"
HOUR = 3600
NEW, OTHER, LAST = "+14155550171", "+14155550172", "+14155550173"


@pytest.fixture
def ana(office: Office) -> str:
    """Somebody whom only the directory knows."""
    office.lists(account("ana"))
    office.sync()
    return "ana"


def says(office: Office, *phones: str, trusted: bool = False, country: str = "") -> None:
    """The directory has these numbers for Ana now, and is followed."""
    entry = next(each for each in office.directory.listing if each.username == "ana")
    office.lists(changed(entry, phones=phones, country=country))
    office.sync(trust_phones=trusted)


def test_a_number_is_kept_unverified_unless_the_directory_is_vouched_for(
    office: Office, ana: str
) -> None:
    says(office, "(415) 555-0171")
    assert office.numbers(ana) == [(NEW, "")]
    assert office.world.text("STATUS", sender=NEW)
    assert office.world.texts(NEW) == []


def test_a_number_that_is_vouched_for_can_be_texted_from(office: Office, ana: str) -> None:
    says(office, "(415) 555-0171", trusted=True)
    assert office.numbers(ana) == [(NEW, "sync")]
    assert office.events()[-2:] == ["phone:verified", "people:synced"]


def test_trust_that_comes_later_verifies_what_is_there(office: Office, ana: str) -> None:
    says(office, NEW)
    says(office, NEW, trusted=True)
    assert office.numbers(ana) == [(NEW, "sync")]


def test_trust_that_ends_takes_nothing_back(office: Office, ana: str) -> None:
    says(office, NEW, trusted=True)
    says(office, NEW)
    assert office.numbers(ana) == [(NEW, "sync")]


def test_the_first_number_that_can_be_used_is_taken(office: Office, ana: str) -> None:
    entry = changed(office.directory.listing[0], phones=("ext. 4", "+49 30 901820", NEW, OTHER))
    office.lists(entry)
    report = office.sync()
    assert office.numbers(ana) == [(NEW, "")]
    assert [(each.username, each.reason) for each in report.problems] == [
        ("ana", "the number cannot be used: it is not a phone number"),
        ("ana", "the number +4…20 cannot be used: it is a landline, which gets no texts"),
    ]
    assert report.counts.unusable_numbers == 2


@pytest.mark.parametrize(
    ("raw", "country", "number"),
    [
        ("07400 123456", "GB", "+447400123456"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("0044 7400 123456", "", "+447400123456"),
        ("415 555 0171", "", NEW),
    ],
)
def test_a_national_number_is_read_by_the_country_of_the_account_or_the_organization(
    office: Office, ana: str, raw: str, country: str, number: str
) -> None:
    says(office, raw, country=country)
    assert office.numbers(ana) == [(number, "")]


@pytest.mark.parametrize("verified_by", ["code", "operator"])
@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("phones", [(), (NEW,), ("nonsense",)])
def test_a_number_that_somebody_has_proved_is_never_touched(
    office: Office, ana: str, verified_by: str, trusted: bool, phones: tuple[str, ...]
) -> None:
    office.give(ana, OTHER, verified_by)
    says(office, *phones, trusted=trusted)
    assert office.numbers(ana) == [(OTHER, verified_by)]


def test_a_number_of_the_directory_follows_it(office: Office, ana: str) -> None:
    says(office, NEW, trusted=True)
    says(office, OTHER, trusted=True)
    assert office.numbers(ana) == [(NEW, ""), (OTHER, "sync")]
    office.world.settle(26 * HOUR, step=HOUR)
    assert office.numbers(ana) == [(OTHER, "sync")], "the one before is kept for a day to be told"
    says(office, LAST)
    assert office.numbers(ana) == [(LAST, "")], "nobody vouches for the old one any more"


@pytest.mark.parametrize("phones", [(), ("ask at the desk",)])
def test_a_number_that_left_the_directory_is_good_for_nothing_more(
    office: Office, ana: str, phones: tuple[str, ...]
) -> None:
    says(office, NEW, trusted=True)
    says(office, *phones, trusted=True)
    assert office.numbers(ana) == []
    assert office.events()[-2:] == ["phone:removed", "people:synced"]


def test_an_unverified_number_gives_way_to_a_newer_one(office: Office, ana: str) -> None:
    says(office, NEW)
    says(office, OTHER)
    assert office.numbers(ana) == [(OTHER, "")]
    says(office)
    assert office.numbers(ana) == [(OTHER, "")]


def test_a_number_of_a_file_gives_way_only_to_one_that_is_vouched_for(office: Office) -> None:
    """Otherwise somebody who can text today could not tomorrow."""
    office.lists(account("mia.keller", phones=(NEW,)))
    report = office.sync()
    assert office.numbers("mia.keller") == [(MIA, "import")]
    assert report.counts.not_verified == 0
    office.sync(trust_phones=True)
    assert office.numbers("mia.keller") == [(MIA, ""), (NEW, "sync")]


def test_a_number_that_is_being_proved_just_now_is_left_to_that(office: Office, ana: str) -> None:
    forget_at = office.world.clock() + timedelta(days=1)
    office.give(ana, NEW, forget_at=forget_at)
    says(office, NEW)
    assert office.person(ana).phones[0].forget_at == forget_at
    says(office, OTHER)
    assert office.numbers(ana) == [(NEW, ""), (OTHER, "")]
    says(office, NEW, trusted=True)
    assert office.numbers(ana) == [(NEW, "sync")]
    assert office.person(ana).phones[0].forget_at is None


def test_a_reset_is_held_back_after_a_change_of_number(office: Office, ana: str) -> None:
    """In many domains people may write their own number, and so may whoever sits at their desk."""
    says(office, NEW, trusted=True)
    assert office.person(ana).reset_held_until is None, "a first number changes nothing"
    assert office.world.mails() == []
    says(office, OTHER, trusted=True)
    assert office.person(ana).reset_held_until == office.world.clock() + timedelta(hours=24)
    (mail,) = office.world.mails()
    assert (mail.template, mail.facts["number"]) == ("number_changed", "+1***0172")


def test_a_number_that_another_has_replaced_is_told_so(office: Office, ana: str) -> None:
    says(office, NEW, trusted=True)
    says(office, OTHER, trusted=True)
    assert "phone:replaced" in office.events()
    office.world.settle(10)
    (told,) = office.world.texts(NEW)
    assert "another phone was set up for your account" in told
    assert [each.sender for each in office.world.carrier.sent if each.to == NEW] == [OUR_NUMBER]


def test_a_number_of_a_country_that_is_not_let_in_is_not_vouched_for(
    office: Office, ana: str
) -> None:
    decide(office, "countries", "US")
    entry = changed(office.directory.listing[0], phones=(BRITISH, NEW))
    office.lists(entry)
    report = office.sync(trust_phones=True)
    assert office.numbers(ana) == [(NEW, "sync")]
    assert [each.reason for each in report.problems] == [
        "the number +44***3456 is a number of GB, and the policy countries lets in US only"
    ]


def test_which_countries_are_let_in_is_for_the_policy_to_say(office: Office, ana: str) -> None:
    decide(office, "countries", "US,GB")
    says(office, BRITISH, trusted=True)
    assert office.numbers(ana) == [(BRITISH, "sync")]


def test_a_number_that_is_verified_stays_so_when_its_country_is_let_in_no_more(
    office: Office, ana: str
) -> None:
    decide(office, "countries", "US")
    office.give(ana, BRITISH, "sync")
    says(office, BRITISH, trusted=True)
    assert office.numbers(ana) == [(BRITISH, "sync")]


@pytest.mark.parametrize(("hours", "held"), [("0", None), ("2", timedelta(hours=2))])
def test_how_long_is_for_the_policy_to_say(
    office: Office, ana: str, hours: str, held: timedelta | None
) -> None:
    decide(office, "hold_after_phone_change_hours", hours)
    says(office, NEW, trusted=True)
    says(office, OTHER, trusted=True)
    until = office.person(ana).reset_held_until
    assert until == (held and office.world.clock() + held)


def test_the_number_of_a_whole_office_is_nobodys_own(office_anywhere: Office) -> None:
    """Whoever picks up that phone could otherwise reset everybody's password."""
    office = office_anywhere
    office.lists(
        *(account(f"user{number}", phones=(NEW, f"41555502{number}")) for number in range(10, 16))
    )
    report = office.sync(trust_phones=True)
    assert [office.numbers(f"user{number}") for number in range(10, 16)] == [
        *[[(NEW, "sync")]] * 3,
        *[[(f"+141555502{number}", "sync")] for number in range(13, 16)],
    ]
    assert {each.reason for each in report.problems} == {
        "the number +1***0171 is that of 3 people already"
    }
    with office.watched() as written:
        again = office.sync(trust_phones=True)
    assert written == []
    assert len(again.problems) == 3


def test_how_many_may_share_is_for_the_policy_to_say(office: Office) -> None:
    decide(office, "people_per_number", "1")
    office.lists(account("ana", phones=(NEW,)), account("bo", phones=(NEW,)))
    office.sync(trust_phones=True)
    assert [office.numbers(name) for name in ("ana", "bo")] == [[(NEW, "sync")], []]


def test_a_number_that_said_stop_stays_silent_whoever_it_is_given_to(office: Office) -> None:
    office.world.text("STOP")
    office.lists(account("ana", phones=(MIA,)))
    office.sync(trust_phones=True)
    (phone,) = office.person("ana").phones
    assert phone.opted_out_at == office.world.clock()


def test_a_number_that_comes_back_within_a_day_is_the_only_one_again(office: Office) -> None:
    for number in (NEW, MIA, NEW):
        office.lists(account("ana", phones=(number,)))
        office.sync(trust_phones=True)
    verified = [each for each in office.person("ana").phones if each.verified_at]
    assert [office.numbers("ana")[0][0], len(verified)] == [NEW, 1]


def test_a_stop_outlives_the_number_in_the_directory(office: Office) -> None:
    office.lists(account("ana", phones=(NEW,)))
    office.sync(trust_phones=True)
    office.world.text("STOP", sender=NEW)
    for phones in ((), (NEW,)):
        office.lists(account("ana", phones=phones))
        office.sync(trust_phones=True)
    (phone,) = office.person("ana").phones
    assert phone.opted_out_at == office.world.clock()


def test_a_number_with_an_answer_under_way_is_shut_at_once_and_goes_later(
    office: Office, ana: str
) -> None:
    says(office, NEW, trusted=True)
    _asked(office, ana)
    says(office, OTHER, trusted=True)
    old, new = office.person(ana).phones
    assert (old.verified_at, old.forget_at) == (None, office.world.clock() + timedelta(days=1))
    assert new.verified_by == "sync"
    with office.watched() as written:
        office.sync(trust_phones=True)
    assert written == []


def test_nobody_is_asked_to_verify_what_they_have_verified(office: Office, ana: str) -> None:
    entry = office.directory.listing[0]
    office.lists(changed(entry, phones=(NEW,)), account("bo"), account("cy", phones=("1",)))
    counts = office.sync().counts
    assert (counts.not_verified, counts.without_number, counts.unusable_numbers) == (1, 1, 1)


def decide(office: Office, name: str, value: str) -> None:
    with office.database.transaction() as session:
        organization = session.scalars(select(Organization)).one()
        session.add(
            PolicyValue(
                scope=Scope.ORGANIZATION,
                scope_id=organization.id,
                tenant_id=organization.tenant_id,
                organization_id=organization.id,
                name=name,
                value=value,
                changed_at=office.world.clock(),
            )
        )


def _asked(office: Office, username: str) -> None:
    """They have texted, and the answer is on its way."""
    person, now = office.person(username), office.world.clock()
    phone_id = person.phones[0].id
    with office.database.transaction() as session:
        request = Request(
            tenant_id=1,
            organization_id=person.organization_id,
            person_id=person.id,
            phone_id=phone_id,
            sender="+14155550100",
            action="reset",
            state="sent",
            created_at=now,
            changed_at=now,
        )
        session.add(request)
        session.flush()
        session.add_all(
            [
                InboundMessage(
                    sid="SM1",
                    received_at=now,
                    number_index="x",
                    outcome="o",
                    phone_id=phone_id,
                    request_id=request.id,
                ),
                OutboundMessage(
                    tenant_id=1,
                    request_id=request.id,
                    phone_id=phone_id,
                    template="reset_done",
                    language="en",
                    facts={},
                    sender="+14155550100",
                    state="accepted",
                    expires_at=now,
                    created_at=now,
                    redact_at=now,
                ),
            ]
        )
