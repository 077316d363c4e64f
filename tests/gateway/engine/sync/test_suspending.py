"""Who has no account to sign in with is suspended, and comes back with it; but never everybody."""

from __future__ import annotations

from typing import Any

import pytest

from directory.errors import DirectoryUnreachable, Refusal
from directory.people import BadEntry
from gateway.engine.sync.suspensions import AT_LEAST
from gateway.engine.sync.syncing import SyncFailed
from gateway.records.people import Suspension
from tests.gateway.engine.sync.conftest import Office, account, changed, disabled
from tests.world import MIA


@pytest.mark.parametrize("why", [Refusal.DISABLED, Refusal.EXPIRED])
def test_a_disabled_or_expired_account_suspends_and_comes_back(
    office_anywhere: Office, why: Refusal
) -> None:
    office = office_anywhere
    mia, sam = account("mia.keller"), account("sam.ortiz")
    office.lists(mia, sam)
    office.sync()
    office.invite("mia.keller")
    office.lists(changed(mia, inactive=why), sam)
    assert office.sync().counts.suspended == 1
    person = office.person("mia.keller")
    assert (person.suspended_at, person.suspended_for) == (office.world.clock(), "disabled")
    assert office.invitations() == ["suspended"]
    assert office.numbers("mia.keller") == [(MIA, "import")]
    assert _changes_nothing(office)
    office.lists(mia, sam)
    counts = office.sync().counts
    assert (counts.changed, counts.unsuspended, counts.suspended) == (1, 1, 0)
    person = office.person("mia.keller")
    assert (person.suspended_at, person.suspended_for) == (None, "")
    assert [each for each in office.events() if "suspended" in each] == [
        "person:suspended",
        "person:unsuspended",
    ]


def test_who_is_suspended_gets_nothing_by_text_at_once(office: Office) -> None:
    office.lists(disabled(account("mia.keller")), account("sam.ortiz"))
    office.sync()
    office.world.text("RESET")
    office.world.work()
    assert office.world.mia.passwords_set == []
    assert office.world.requests() == []


def test_a_request_under_way_ends_without_a_password(office: Office) -> None:
    """It was taken in before; what is asked right before the password is made is the truth."""
    office.lists(account("mia.keller"), account("sam.ortiz"))
    office.sync()
    office.world.text("RESET")
    office.lists(disabled(office.directory.listing[0]), office.directory.listing[1])
    office.sync()
    office.world.work()
    assert office.world.mia.passwords_set == []
    assert [request.reason for request in office.world.requests()] == ["suspended"]


def test_who_is_no_longer_listed_is_suspended_and_not_forgotten(office_anywhere: Office) -> None:
    office = office_anywhere
    mia, sam = account("mia.keller"), account("sam.ortiz")
    office.lists(mia, sam)
    office.sync()
    before = office.person("mia.keller").id
    office.lists(sam)
    assert office.sync().suspended == ["mia.keller"]
    person = office.person("mia.keller")
    assert (person.id, person.suspended_for) == (before, "gone")
    assert office.numbers("mia.keller") == [(MIA, "import")]
    assert _changes_nothing(office)
    office.lists(mia, sam)
    assert office.sync().counts.unsuspended == 1
    assert office.person("mia.keller").suspended_at is None


def test_who_comes_back_disabled_stays_suspended_for_that(office: Office) -> None:
    mia, sam = account("mia.keller"), account("sam.ortiz")
    office.lists(mia, sam)
    office.sync()
    office.lists(sam)
    office.sync()
    office.lists(disabled(mia), sam)
    assert office.sync().counts.unsuspended == 0
    assert office.person("mia.keller").suspended_for == "disabled"
    assert _changes_nothing(office)


@pytest.mark.parametrize("stands", ["good", "disabled", "gone"])
def test_whom_an_operator_has_suspended_no_directory_lets_in(office: Office, stands: str) -> None:
    mia, sam = account("mia.keller"), account("sam.ortiz")
    office.lists(mia, sam)
    office.sync()
    now = office.world.clock()
    office.set("mia.keller", suspended_at=now, suspended_for=Suspension.OPERATOR)
    office.lists(*{"good": [mia], "disabled": [disabled(mia)], "gone": []}[stands], sam)
    counts = office.sync().counts
    assert (counts.suspended, counts.unsuspended) == (0, 0)
    person = office.person("mia.keller")
    assert (person.suspended_at, person.suspended_for) == (now, "operator")


def test_whom_the_directory_never_listed_it_does_not_miss(office: Office) -> None:
    """They were imported by a file, perhaps from another part of the domain."""
    office.lists(account("mia.keller"))
    assert office.sync().counts.suspended == 0
    assert office.person("sam.ortiz").suspended_at is None


def test_who_was_only_moved_meanwhile_is_asked_for_once_more(office: Office) -> None:
    """Between two pages somebody can leave a place that is to come for one that has been."""
    mia, sam = account("mia.keller"), account("sam.ortiz")
    office.lists(mia, sam)
    office.sync()
    office.directory.overlooks = {mia.guid}
    assert office.sync().counts.suspended == 0
    assert office.directory.asked[-1].guids == (mia.guid,)


@pytest.mark.parametrize("known_by", ["guid", "username"])
def test_whose_entry_cannot_be_read_is_there_all_the_same(office: Office, known_by: str) -> None:
    mia, sam = account("mia.keller"), account("sam.ortiz")
    office.lists(mia, sam)
    office.sync()
    whole: dict[str, Any] = {"guid": mia.guid, "username": mia.username}
    office.lists(BadEntry("odd", **{known_by: whole[known_by]}), sam)
    assert office.sync().counts.suspended == 0


def test_a_listing_that_breaks_off_suspends_nobody(office: Office) -> None:
    people = [account(f"user{number}") for number in range(40)]
    office.lists(*people)
    office.sync()
    office.lists(*map(disabled, people[:3]), *people[3:])
    office.directory.breaks_off_after = 30
    with pytest.raises(SyncFailed, match="broke off"):
        office.sync()
    assert all(person.suspended_at is None for person in office.people().values())
    assert office.events()[-1] == "people:sync:failed"


def test_a_second_look_that_fails_suspends_nobody(office: Office) -> None:
    mia, sam = account("mia.keller"), account("sam.ortiz")
    office.lists(mia, sam)
    office.sync()
    office.lists(sam)
    office.directory.faults = [None, DirectoryUnreachable("away")]
    with pytest.raises(SyncFailed, match="away"):
        office.sync()
    assert office.person("mia.keller").suspended_at is None


def test_a_directory_that_lists_nobody_is_not_believed(office: Office) -> None:
    office.lists(account("mia.keller"), account("sam.ortiz"))
    office.sync()
    office.lists()
    with pytest.raises(SyncFailed, match="lists nobody"):
        office.sync(allows_many=True)
    assert office.person("mia.keller").suspended_at is None


@pytest.mark.parametrize(
    ("people", "leaving", "refused"),
    [
        (12, AT_LEAST - 1, False),
        (12, AT_LEAST, True),
        (50, 10, False),
        (50, 11, True),
        (49, 10, True),
    ],
)
@pytest.mark.parametrize("how", ["gone", "disabled", "both"])
def test_a_large_part_of_all_is_suspended_only_if_somebody_says_so(
    office: Office, how: str, people: int, leaving: int, refused: bool
) -> None:
    office.forget_everybody()
    entries = [account(f"user{number:03}") for number in range(people)]
    office.lists(*entries)
    office.sync()
    gone = {"gone": leaving, "disabled": 0, "both": leaving // 2}[how]
    office.lists(*map(disabled, entries[gone:leaving]), *entries[leaving:], account("new"))
    report = office.sync()
    assert (report.would_suspend, report.of_people) == (leaving if refused else 0, people)
    assert report.counts.suspended == (0 if refused else leaving)
    assert report.counts.added == 1, "the rest is taken up all the same"
    assert len(report.suspended) == leaving, "who they are is told in any case"
    assert ("people:sync:suspensions_refused" in office.events()) is refused
    assert office.sync(allows_many=True).counts.suspended == (leaving if refused else 0)


@pytest.mark.parametrize("how", ["gone", "disabled"])
def test_who_was_suspended_before_counts_in_no_share(office: Office, how: str) -> None:
    office.forget_everybody()
    entries = [account(f"user{number:03}") for number in range(60)]
    office.lists(*entries)
    office.sync()
    for leaving in (10, 20, 29):
        left = map(disabled, entries[:leaving]) if how == "disabled" else ()
        office.lists(*left, *entries[leaving:])
        assert office.sync().would_suspend == 0


def test_a_first_run_after_an_import_by_file_is_careful_too(office: Office) -> None:
    office.forget_everybody()
    entries = [account(f"user{number:03}") for number in range(30)]
    office.lists(*entries)
    office.sync()
    for person in office.people():
        office.set(person, account_guid=None, synced_at=None)
    office.lists(*map(disabled, entries[:12]), *entries[12:])
    report = office.sync()
    assert (report.would_suspend, report.of_people) == (12, 30)


def _changes_nothing(office: Office) -> bool:
    with office.watched() as written:
        office.sync()
    return not written
