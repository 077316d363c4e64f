"""People follow their accounts: by the immutable id, whatever these are called and wherever."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from directory.errors import Refusal
from directory.people import BadEntry, Listed
from gateway.engine.sync.run import PORTION
from tests.gateway.engine.sync.conftest import Office, account, changed, disabled


def test_accounts_become_people_with_what_the_directory_says(office_anywhere: Office) -> None:
    office = office_anywhere
    office.forget_everybody()
    entry = account(
        "Ana.Silva", display_name="Ana Silva", email="ana@Northwind.EXAMPLE", language="pt_br, en"
    )
    office.lists(entry, account("bo"))
    counts = office.sync().counts
    assert (counts.listed, counts.added, counts.changed, counts.suspended) == (2, 2, 0, 0)
    ana = office.person("Ana.Silva")
    assert (ana.account_guid, ana.username_key) == (entry.guid, "ana.silva")
    assert (ana.display_name, ana.email, ana.language) == (
        *("Ana Silva", "ana@northwind.example"),
        "pt-BR",
    )
    assert ana.synced_at == office.world.clock()
    assert not ana.self_serve
    assert office.events()[-1] == "people:synced"


def test_self_service_is_for_new_people_only_and_only_if_said(office: Office) -> None:
    office.set("sam.ortiz", self_serve=False)
    office.lists(account("mia.keller"), account("sam.ortiz"), account("bo"))
    office.sync(self_serve=True)
    helped = [name for name, person in office.people().items() if person.self_serve]
    assert helped == ["mia.keller", "bo"]


@pytest.mark.parametrize("imported_as", ["mia.keller", "mia.keller@northwind.example"])
def test_who_was_imported_by_name_learns_the_id_and_keeps_all_else(
    office: Office, imported_as: str
) -> None:
    office.set("mia.keller", username=imported_as, username_key=imported_as)
    before = office.person(imported_as)
    entry = account("Mia.Keller")
    office.lists(entry, account("sam.ortiz"))
    counts = office.sync().counts
    assert (counts.added, counts.changed) == (0, 2)
    mia = office.person("Mia.Keller")
    assert (mia.id, mia.account_guid, mia.self_serve) == (before.id, entry.guid, True)
    assert office.numbers("Mia.Keller") == [("+14155550111", "import")]


def test_a_second_run_writes_nothing_but_that_it_was(office_anywhere: Office) -> None:
    office = office_anywhere
    people = [
        account(f"user{number}", phones=(f"415555{number:04}",), email=f"u{number}@example.com")
        for number in range(100, 700)
    ]
    left_out = [disabled(account(f"gone{number}")) for number in range(20)]
    office.lists(*people, *left_out, BadEntry("odd", username="odd"))
    first = office.sync(trust_phones=True)
    assert first.counts.added == 600
    events = len(office.events())
    with office.watched() as written:
        counts = office.sync(trust_phones=True).counts
    assert written == []
    assert (counts.added, counts.changed, counts.unchanged) == (0, 0, 600)
    assert office.events()[events:] == ["people:synced"]


def test_a_renamed_account_stays_the_same_person(office_anywhere: Office) -> None:
    office = office_anywhere
    mia = account("mia.keller", phones=("+14155550111",))
    office.lists(mia, account("sam.ortiz"))
    office.sync()
    before = office.person("mia.keller")
    office.lists(changed(mia, username="mia.bauer", display_name="Mia Bauer"), *_rest(office))
    counts = office.sync().counts
    assert (counts.changed, counts.renamed, counts.suspended) == (1, 1, 0)
    after = office.person("mia.bauer")
    assert (after.id, after.username_key, after.display_name) == (
        *(before.id, "mia.bauer"),
        "Mia Bauer",
    )
    assert office.numbers("mia.bauer") == [("+14155550111", "import")]
    assert office.events().count("person:renamed") == 1


def test_two_people_who_swap_their_names_stay_themselves(office_anywhere: Office) -> None:
    office = office_anywhere
    mia, sam = account("mia.keller"), account("sam.ortiz")
    office.lists(mia, sam)
    office.sync()
    before = {name: person.id for name, person in office.people().items()}
    office.lists(changed(mia, username="sam.ortiz"), changed(sam, username="mia.keller"))
    assert office.sync().counts.renamed == 2
    after = {name: person.id for name, person in office.people().items()}
    assert after == {"sam.ortiz": before["mia.keller"], "mia.keller": before["sam.ortiz"]}
    assert _changes_nothing(office)


def test_names_that_move_on_in_a_ring_over_several_pages(office_anywhere: Office) -> None:
    office = office_anywhere
    office.forget_everybody()
    entries = [account(f"user{number}") for number in range(2 * PORTION + 10)]
    office.lists(*entries)
    office.sync()
    before = {person.account_guid: person.id for person in office.people().values()}
    names = [entry.username for entry in entries]
    moved = [
        changed(entry, username=name)
        for entry, name in zip(entries, names[1:] + names[:1], strict=True)
    ]
    office.lists(*moved)
    counts = office.sync().counts
    assert (counts.renamed, counts.added, counts.suspended) == (len(entries), 0, 0)
    assert {person.account_guid: person.id for person in office.people().values()} == before
    assert {entry.guid: entry.username for entry in moved} == {
        person.account_guid: person.username for person in office.people().values()
    }
    assert _changes_nothing(office)


def test_a_new_account_with_an_old_name_is_somebody_else(office_anywhere: Office) -> None:
    """Whoever gets the name of a colleague who has left must not get their numbers with it."""
    office = office_anywhere
    office.lists(account("mia.keller", phones=("+14155550111",)), account("sam.ortiz"))
    office.sync()
    before = office.person("mia.keller")
    office.lists(account("mia.keller"), *_rest(office))
    counts = office.sync().counts
    assert (counts.added, counts.suspended) == (1, 1)
    assert office.person("mia.keller").id != before.id
    assert office.numbers("mia.keller") == []
    old = office.person(f"mia.keller/{before.id}")
    assert (old.id, old.suspended_for) == (before.id, "gone")
    assert _changes_nothing(office)


def test_a_name_in_other_capitals_is_the_same_name(office: Office) -> None:
    mia = account("mia.keller")
    office.lists(mia)
    office.sync()
    office.lists(changed(mia, username="Mia.Keller"))
    assert office.sync().counts.renamed == 1
    assert office.person("Mia.Keller").username_key == "mia.keller"


def test_what_the_directory_does_not_say_stays(office: Office) -> None:
    office.set("mia.keller", email="mia@example.com", language="de")
    office.lists(account("mia.keller", email="", language="", phones=()))
    office.sync()
    mia = office.person("mia.keller")
    assert (mia.email, mia.language) == ("mia@example.com", "de")


def test_a_new_address_forgets_what_was_wrong_with_the_old(office: Office) -> None:
    office.set("mia.keller", email="mia@old.example", mail_problem="no_such_mailbox")
    office.lists(account("mia.keller", email="mia@new.example"))
    office.sync()
    mia = office.person("mia.keller")
    assert (mia.email, mia.mail_problem) == ("mia@new.example", "")
    assert "person:email:changed" in office.events()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"email": "nobody"}, "the email is not an address"),
        ({"email": "müller@example.com"}, "the email is not an address"),
        ({"language": "German"}, "the language is not a code"),
    ],
)
def test_a_value_that_cannot_be_taken_is_told_and_the_rest_is_taken(
    office: Office, facts: dict[str, Any], said: str
) -> None:
    office.set("mia.keller", email="mia@example.com", language="de")
    office.lists(account("mia.keller", display_name="Mia K.", **facts))
    report = office.sync()
    assert [(each.username, said in each.reason) for each in report.problems] == [
        ("mia.keller", True)
    ]
    mia = office.person("mia.keller")
    assert (mia.display_name, mia.email, mia.language) == ("Mia K.", "mia@example.com", "de")


def test_an_account_that_nobody_can_use_makes_nobody_a_person(office: Office) -> None:
    office.lists(
        account("mia.keller"),
        account("sam.ortiz"),
        disabled(account("left")),
        account("old", inactive=Refusal.EXPIRED),
        account("card", ineligible=Refusal.SMART_CARD_ONLY),
        account("admin", ineligible=Refusal.PROTECTED),
    )
    report = office.sync()
    assert list(office.people()) == ["mia.keller", "sam.ortiz"]
    assert report.counts.left_out == 4
    assert dict(report.left_out) == {
        "disabled": 1,
        "expired": 1,
        "smart_card_only": 1,
        "protected": 1,
    }


def test_who_has_become_ineligible_stays_a_person(office: Office) -> None:
    """Each change asks anew whether it may be made, and refuses with its own reason."""
    office.lists(account("mia.keller", ineligible=Refusal.PROTECTED))
    counts = office.sync().counts
    assert (counts.left_out, counts.suspended) == (0, 0)
    assert office.person("mia.keller").suspended_at is None


def test_bad_entries_are_told_and_stop_nobody(office: Office) -> None:
    guid = uuid4()
    office.lists(
        BadEntry("mobile is not text", guid, "ana"),
        BadEntry("sAMAccountName is not text", guid),
        BadEntry("objectGUID is not a GUID"),
        account("x" * 257),
        account("mia.keller"),
    )
    report = office.sync()
    assert (report.counts.bad, report.counts.changed) == (4, 1)
    assert [(each.username[:9], each.reason[:12]) for each in report.problems] == [
        ("ana", "mobile is no"),
        (str(guid)[:9], "sAMAccountNa"),
        ("?", "objectGUID i"),
        ("xxxxxxxxx", "its logon na"),
    ]


def test_somebody_who_is_told_twice_is_one_person(office: Office) -> None:
    """They may have been moved from one place to another between two pages."""
    ana = account("ana")
    office.lists(ana, account("mia.keller"), ana, *(account(f"u{n}") for n in range(PORTION)), ana)
    report = office.sync()
    assert report.counts.added == PORTION + 1
    assert report.counts.bad == 0


def test_a_name_that_is_told_twice_goes_to_one_of_them(office_anywhere: Office) -> None:
    """One was renamed and the other got the name while the listing was under way."""
    office = office_anywhere
    first, second = account("ana"), account("Ana")
    office.lists(first, second)
    assert office.sync().counts.added == 1
    office.lists(changed(first, username="ana.silva"), second)
    counts = office.sync().counts
    assert (counts.added, counts.renamed) == (1, 1)
    assert {person.account_guid for person in office.people().values()} >= {
        first.guid,
        second.guid,
    }


def test_a_directory_that_breaks_off_leaves_what_came_before_and_can_be_gone_on_with(
    office: Office,
) -> None:
    people = [account(f"user{number}") for number in range(PORTION + 5)]
    office.lists(*people)
    office.directory.breaks_off_after = PORTION + 3
    with pytest.raises(Exception, match="it broke off"):
        office.sync()
    assert len(office.people()) == 2 + PORTION
    office.directory.breaks_off_after = None
    assert office.sync().counts.added == 5


def test_a_dry_run_says_the_same_and_writes_nothing(office_anywhere: Office) -> None:
    office = office_anywhere
    mia, sam, *others = (account(name) for name in ("mia.keller", "sam.ortiz", "ana", "bo", "cy"))
    office.lists(mia, sam, *others[:2])
    office.sync()
    office.lists(
        changed(mia, username="mia.bauer", phones=("+14155550198",)),
        disabled(sam),
        changed(others[1], display_name="Bo B."),
        others[2],
        BadEntry("odd"),
    )
    events = office.events()
    with office.watched() as written:
        looked = office.look(trust_phones=True)
    assert written == []
    assert office.events() == events
    done = office.sync(trust_phones=True)
    assert looked.counts == done.counts
    assert looked.suspended == done.suspended == ["sam.ortiz", "ana"]
    assert looked.problems == done.problems


def test_only_so_many_problems_are_kept(office: Office) -> None:
    office.lists(account("mia.keller"), *(BadEntry("odd", uuid4()) for _ in range(300)))
    report = office.sync()
    assert (len(report.problems), report.untold_problems, report.counts.bad) == (100, 200, 300)


def _rest(office: Office) -> list[Listed]:
    """Everybody but Mia, as they were listed."""
    return office.directory.listing[1:]


def _changes_nothing(office: Office) -> bool:
    with office.watched() as written:
        office.sync()
    return not written
