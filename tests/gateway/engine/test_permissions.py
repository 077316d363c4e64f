"""What is decided for somebody holds when they text, and they are told what is true for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from directory.accounts import DirectorySettings
from directory.errors import OutcomeUnknown
from gateway.engine.directories import Directories
from gateway.engine.performing import Performer
from gateway.engine.phone_risk import PhoneRisk
from gateway.policy import Scope
from gateway.records import Organization, Person, Tenant
from gateway.records.policies import Holder, set_value, take_back
from gateway.records.requests import RequestState
from tests.fakes import FakeDirectory
from tests.texts import password_in
from tests.world import MIA, SAM, VOCABULARY, World

TENANT, ORGANIZATION, PERSON = Scope
VIPS, BOARD = "CN=VIPs,DC=x", "CN=Board,DC=x"


def decide(world: World, name: str, value: str | None, scope: Scope = ORGANIZATION) -> None:
    """Set a policy for the tenant, for Northwind, or for Mia; None takes it back."""
    with world.database.transaction() as session:
        mia = session.scalars(select(Person).where(Person.username_key == "mia.keller")).one()
        holders: dict[Scope, Holder] = {
            TENANT: session.scalars(select(Tenant)).one(),
            ORGANIZATION: mia.organization,
            PERSON: mia,
        }
        if value is None:
            take_back(session, holders[scope], name)
        else:
            set_value(session, holders[scope], name, value, world.clock())


def change_mia(world: World, **values: object) -> None:
    with world.database.transaction() as session:
        session.execute(update(Person).where(Person.username_key == "mia.keller").values(values))


def mia(world: World) -> Person:
    with world.database.transaction() as session:
        return session.scalars(select(Person).where(Person.username_key == "mia.keller")).one()


def answer(world: World, body: str, sender: str = MIA) -> str:
    """What the person is told."""
    world.text(body, sender)
    world.work()
    return world.carrier.sent[-1].body


def untouched(world: World) -> bool:
    return world.mia.passwords_set == [] and world.mia.locked


@pytest.mark.parametrize(
    ("name", "word", "reason", "said"),
    [
        ("self_serve", "RESET", "self_serve_off", "help by text is not set up for you"),
        ("self_serve", "UNLOCK", "self_serve_off", "help by text is not set up for you"),
        ("self_serve", "STATUS", "self_serve_off", "help by text is not set up for you"),
        ("reset_by_sms", "RESET", "reset_by_sms_off", "your password can't be reset by text"),
        ("unlock_by_sms", "UNLOCK", "unlock_by_sms_off", "your account can't be unlocked by text"),
    ],
)
@pytest.mark.parametrize("scope", [TENANT, ORGANIZATION])
def test_what_is_switched_off_is_not_done_and_the_person_is_told_whom_to_call(
    world_anywhere: World, name: str, word: str, reason: str, said: str, scope: Scope
) -> None:
    world = world_anywhere
    world.mia.locked = True
    decide(world, name, "off", scope)
    told = answer(world, word)
    assert said in told
    assert "Nothing was changed. Please call your help desk." in told
    assert untouched(world)
    [request] = world.requests()
    assert (request.state, request.reason) == (RequestState.REFUSED, reason)


def test_what_is_switched_off_for_one_person_is_done_for_others(world: World) -> None:
    decide(world, "reset_by_sms", "off", PERSON)
    assert "can't be reset by text" in answer(world, "RESET")
    assert password_in(answer(world, "RESET", SAM)) == world.sam.password


def test_a_tenants_off_holds_whatever_is_set_below(world: World) -> None:
    decide(world, "reset_by_sms", "on", PERSON)
    decide(world, "reset_by_sms", "off", TENANT)
    assert "can't be reset by text" in answer(world, "RESET")
    decide(world, "reset_by_sms", None, TENANT)
    assert password_in(answer(world, "RESET")) == world.mia.password


def test_status_and_unlock_are_there_where_reset_is_not(world: World) -> None:
    world.mia.locked = True
    decide(world, "reset_by_sms", "off")
    assert "Text UNLOCK to unlock it." in answer(world, "STATUS")
    assert "is unlocked" in answer(world, "UNLOCK")


@pytest.mark.parametrize(
    ("locked", "off", "word", "said"),
    [
        (True, ("reset_by_sms",), "STATUS", "Text UNLOCK to unlock it."),
        (True, ("unlock_by_sms",), "STATUS", "Forgotten the password? Text RESET."),
        (True, ("reset_by_sms", "unlock_by_sms"), "STATUS", "Please call your help desk."),
        (True, ("reset_by_sms",), "UNLOCK", "Forgotten it? Call your help desk."),
        (False, ("reset_by_sms",), "UNLOCK", "Do you need help? Call your help desk."),
        (True, ("unlock_on_reset",), "RESET", "Still locked: text UNLOCK."),
        (True, ("unlock_on_reset", "unlock_by_sms"), "RESET", "Locked: call your help desk."),
    ],
)
def test_nobody_is_told_to_text_what_would_be_refused(
    world: World, locked: bool, off: tuple[str, ...], word: str, said: str
) -> None:
    world.mia.locked = locked
    for name in off:
        decide(world, name, "off")
    assert answer(world, word).removesuffix(" Not you? Text NOTME.").endswith(said)


def test_who_has_no_email_is_not_helped_and_told_why(world: World) -> None:
    world.mia.locked = True
    change_mia(world, email="")
    for word in ("RESET", "UNLOCK", "STATUS"):
        assert "needs an email address, and we have none for you" in answer(world, word)
    assert untouched(world)
    assert {request.reason for request in world.requests()} == {"no_email"}


def test_who_has_no_email_is_helped_where_none_is_required(world: World) -> None:
    change_mia(world, email="")
    decide(world, "email_required", "off")
    assert password_in(answer(world, "RESET")) == world.mia.password


def test_a_reset_waits_after_a_change_of_number_while_unlock_works(world_anywhere: World) -> None:
    world = world_anywhere
    world.mia.locked = True
    change_mia(world, reset_held_until=world.clock() + timedelta(hours=24))
    told = answer(world, "RESET")
    assert "RESET works from tomorrow 09:00; UNLOCK works now. Nothing was changed." in told
    assert untouched(world)
    assert world.requests()[0].reason == "reset_held"
    assert "is unlocked" in answer(world, "UNLOCK")
    world.clock.forward(24 * 3600)
    assert password_in(answer(world, "RESET")) == world.mia.password


def test_a_hold_is_told_in_the_time_of_the_organization(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(Organization).values(time_zone="America/New_York"))
    change_mia(world, reset_held_until=world.clock() + timedelta(hours=5))
    decide(world, "unlock_by_sms", "off")
    assert "RESET works from today 09:00. Nothing was changed." in answer(world, "RESET")


@pytest.mark.parametrize("scope", [TENANT, ORGANIZATION, PERSON])
def test_a_hold_is_let_go_by_its_policy(world: World, scope: Scope) -> None:
    change_mia(world, reset_held_until=world.clock() + timedelta(hours=24))
    decide(world, "hold_after_phone_change_hours", "0", scope)
    assert password_in(answer(world, "RESET")) == world.mia.password


def test_a_password_need_not_be_changed_where_it_is_so_decided(world: World) -> None:
    decide(world, "must_change", "off")
    assert "Change it after you sign in" in answer(world, "RESET")
    assert not world.mia.must_change
    world.settle(60 * 60, step=60)
    assert world.mia.password == password_in(world.texts()[0])


def test_a_reset_leaves_the_lock_where_it_is_so_decided(world: World) -> None:
    world.mia.locked = True
    decide(world, "unlock_on_reset", "off")
    answer(world, "RESET")
    assert world.mia.locked


def test_a_one_time_password_works_for_as_long_as_is_decided(world: World) -> None:
    decide(world, "one_time_minutes", "60")
    told = answer(world, "RESET")
    assert "Use it within 60 minutes." in told
    world.carrier.statuses[world.carrier.sent[0].sid] = "delivered"
    world.settle(59 * 60, step=60)
    assert world.mia.password == password_in(told)
    world.settle(3 * 60, step=60)
    assert world.mia.password != password_in(told)


def test_a_one_time_password_has_as_many_words_as_are_decided(world: World) -> None:
    decide(world, "password_words", "5")
    assert password_in(answer(world, "RESET")).count("-") == 5


def test_what_is_decided_while_a_request_waits_holds_for_it(world: World) -> None:
    world.text("RESET")
    decide(world, "reset_by_sms", "off")
    world.work()
    assert "can't be reset by text" in world.texts()[0]


def test_what_the_directory_may_have_heard_of_is_told_whatever_is_decided_meanwhile(
    world: World,
) -> None:
    """The password may be set: to say that nothing was changed would be a lie."""
    world.directory.faults = [None, OutcomeUnknown("cut off")]
    world.text("RESET")
    world.work()
    decide(world, "reset_by_sms", "off")
    world.settle(30)
    assert [password_in(text) for text in world.texts()] == [world.mia.password]


def test_groups_are_protected_by_the_directorys_settings_and_by_policy(world: World) -> None:
    seen: list[tuple[str, ...]] = []

    def connect(_kind: str, settings: DirectorySettings) -> FakeDirectory:
        seen.append(tuple(settings.protected_groups))
        return world.directory

    directories = Directories(world.seal, connect=connect)
    risk = PhoneRisk(world.seal, world.lookup, world.clock)
    parts = (world.database, world.seal, directories, world.replies, risk, world.clock)
    world.performer = Performer(*parts, allowances=world.allowances, vocabulary=VOCABULARY)
    answer(world, "STATUS")
    decide(world, "protected_groups", VIPS)
    answer(world, "STATUS")
    answer(world, "STATUS")
    decide(world, "protected_groups", f"{VIPS};{BOARD}")
    answer(world, "STATUS")
    assert seen == [(), (VIPS,), (VIPS, BOARD)]


@pytest.mark.parametrize("word", ["RESET", "UNLOCK", "STATUS"])
def test_the_first_help_that_somebody_gets_is_remembered(world_anywhere: World, word: str) -> None:
    world = world_anywhere
    assert mia(world).used_at is None
    answer(world, word)
    first = world.clock()
    assert mia(world).used_at == first
    world.clock.forward(60)
    answer(world, word)
    assert mia(world).used_at == first


def test_what_is_refused_or_fails_is_no_use(world: World) -> None:
    decide(world, "reset_by_sms", "off")
    answer(world, "RESET")
    world.directory.is_away = True
    world.text("UNLOCK")
    world.work()
    world.settle(5 * 60)
    assert world.states() == [RequestState.REFUSED, RequestState.FAILED]
    assert mia(world).used_at is None
