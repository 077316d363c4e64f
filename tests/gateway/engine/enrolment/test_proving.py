"""A code is texted to a number, and only its holder can bring it back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from gateway.engine.deliveries import Report
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step
from gateway.engine.forgetting import LATER
from gateway.records import Consent, Person, Phone, Proof
from gateway.records.audit import Event
from tests.fakes import FakeAccount
from tests.gateway.engine.enrolment.conftest import (
    NINA,
    WISH,
    Newcomer,
    add_person,
    events,
    policy,
)
from tests.world import MIA

BRITISH = "+447400123456"
MINUTE, DAY = 60, 24 * 3600


def test_from_the_link_to_a_reset_by_text(everywhere: Newcomer) -> None:
    nina = everywhere
    world = nina.world
    account = FakeAccount("nina.alvarez")
    world.directory.accounts[account.guid] = account
    nina.enrols()
    assert (nina.step, nina.verified()) == (Step.DONE, ["code"])
    world.settle(10)
    assert "this phone is set up" in world.texts(NINA)[-1]
    world.text("RESET", sender=NINA)
    world.settle(10)
    assert "one-time password" in world.texts(NINA)[-1]


def test_the_number_is_nobodys_before_the_code_has_come_back(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    nina.world.text("RESET", sender=NINA)
    nina.world.settle(10)
    assert nina.verified() == []
    assert nina.world.requests() == []


def test_no_code_is_paid_for_in_a_country_that_is_let_in_no_more(nina: Newcomer) -> None:
    """Somebody has changed the policy after the number was taken, and before the text went."""
    policy(nina.world, countries="US,GB")
    nina.invited()
    wish = replace(WISH, number=BRITISH, country="GB")
    nina.world.enrolment.proving.begin(nina.token, wish)
    policy(nina.world, countries="US")
    nina.world.settle(10)
    assert nina.world.texts(BRITISH) == []
    (failed,) = events(nina.world, Event.REPLY_FAILED)
    assert failed.reason == "country_closed"


def test_a_verified_number_works_on_in_a_country_that_is_let_in_no_more(nina: Newcomer) -> None:
    policy(nina.world, countries="US,GB")
    nina.invited()
    nina.asks_for_a_code(BRITISH, "GB")
    nina.types(nina.codes(BRITISH)[-1])
    policy(nina.world, countries="US")
    nina.world.text("HELP", sender=BRITISH)
    nina.world.settle(10)
    assert len(nina.world.texts(BRITISH)) == 3, "the code, that it is theirs, and the answer"


def test_without_consent_nothing_is_texted(nina: Newcomer) -> None:
    nina.invited()
    for wish in (replace(WISH, agrees=False), replace(WISH, wording="of somebody else")):
        with pytest.raises(StepRefused) as refused:
            nina.world.enrolment.proving.begin(nina.token, wish)
        assert refused.value.reason is Reason.NO_CONSENT
    assert nina.world.texts(NINA) == []


def test_a_consent_is_kept_with_time_address_and_wording(everywhere: Newcomer) -> None:
    nina = everywhere
    nina.changed(language="de")
    nina.invited()
    nina.asks_for_a_code()
    with nina.world.database.reading() as session:
        [consent] = session.scalars(select(Consent))
        assert (consent.given_at, consent.address) == (nina.world.clock(), "192.0.2.7")
        shown = ("2026-11", "en")  # those words are in English for everybody
        assert (consent.wording, consent.language) == shown
        sealed = nina.world.seal.unseal(consent.sealed_number)
        assert sealed.get_secret_value() == NINA


@pytest.mark.parametrize(
    ("number", "country", "reason"),
    [
        ("nonsense", "US", Reason.NUMBER_WRONG),
        ("020 7946 0123", "GB", Reason.NUMBER_WRONG),  # a landline
        ("0900 1234567", "DE", Reason.NUMBER_WRONG),  # premium rate
        ("+1 800 555 0100", "US", Reason.NUMBER_WRONG),  # toll-free
        ("07400 123456", "GB", Reason.COUNTRY_CLOSED),
        ("+53 5 1234567", "US", Reason.COUNTRY_CLOSED),
        (MIA, "US", None),
    ],
)
def test_a_number_that_may_not_be_enrolled_is_refused_before_anything_is_sent_or_counted(
    nina: Newcomer, number: str, country: str, reason: Reason | None
) -> None:
    nina.invited()
    if reason is None:
        nina.asks_for_a_code(number, country)  # one number may belong to several people
        return
    assert nina.refused(number, country).reason is reason
    assert nina.world.carrier.sent == []
    assert nina.world.limits.taken == {}


def test_the_policy_opens_other_countries(nina: Newcomer) -> None:
    policy(nina.world, countries="GB,US")
    nina.invited()
    nina.asks_for_a_code("07400 123456", "GB")
    assert len(nina.codes("+447400123456")) == 1


def test_as_many_people_as_the_policy_says_may_share_a_number(nina: Newcomer) -> None:
    policy(nina.world, people_per_number="2")
    for username in ("first.one", "second.one"):
        add_person(nina.world, username).enrols()
        nina.world.clock.forward(3 * MINUTE)
    nina.invited()
    assert nina.refused().reason is Reason.NUMBER_SHARED


def test_of_two_who_are_at_it_with_one_number_only_so_many_get_it(nina: Newcomer) -> None:
    policy(nina.world, people_per_number="1")
    other = add_person(nina.world, "other.one")
    for each in (nina, other):
        each.invited()
        each.asks_for_a_code()
    first, second = nina.codes()
    nina.types(first)
    assert other.refused_code(second).reason is Reason.NUMBER_SHARED
    assert (nina.verified(), other.verified()) == (["code"], [])


def test_a_number_that_has_texted_stop_gets_no_code(nina: Newcomer) -> None:
    nina.world.text("STOP", sender=MIA)
    nina.invited()
    assert nina.refused(MIA).reason is Reason.NUMBER_STOPPED


def test_a_stop_that_a_stranger_texted_is_remembered(nina: Newcomer) -> None:
    nina.world.text("STOP", sender=NINA)
    nina.invited()
    assert nina.refused().reason is Reason.NUMBER_STOPPED
    nina.world.text("START", sender=NINA)
    nina.world.clock.forward(3 * MINUTE)
    nina.asks_for_a_code()
    assert len(nina.codes()) == 1


def test_stop_and_start_hold_while_a_number_is_being_proved(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    nina.world.text("STOP", sender=NINA)
    nina.world.clock.forward(3 * MINUTE)
    assert nina.refused().reason is Reason.NUMBER_STOPPED
    nina.world.text("START", sender=NINA)
    nina.world.clock.forward(3 * MINUTE)
    nina.asks_for_a_code()
    assert len(nina.codes()) == 2


def test_start_lifts_a_stop_from_a_number_that_is_another_persons_as_well(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code(MIA)
    nina.world.text("STOP", sender=MIA)
    nina.world.text("START", sender=MIA)
    nina.world.clock.forward(3 * MINUTE)
    nina.asks_for_a_code(MIA)
    assert len(nina.codes(MIA)) == 2


def test_many_forms_at_once_for_several_numbers_leave_one_code(everywhere: Newcomer) -> None:
    nina = everywhere
    nina.invited()
    numbers = [f"+141555502{place:02d}" for place in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(nina.asks_for_a_code, numbers))
    with nina.world.database.reading() as session:
        open_ones = select(Proof).where(Proof.ended_at.is_(None))
        assert len(session.scalars(open_ones).all()) == 1


def test_a_code_that_the_carrier_could_not_deliver_is_said(everywhere: Newcomer) -> None:
    nina = everywhere
    nina.invited()
    nina.asks_for_a_code()
    assert not nina.world.enrolment.visits.open(nina.token).was_undelivered
    sent = nina.world.carrier.sent[-1]
    nina.world.deliveries.report(Report(sent.sid, "undelivered", 30003, sent.message_id))
    assert nina.world.enrolment.visits.open(nina.token).was_undelivered


def test_a_number_that_nobody_proved_is_forgotten_after_a_day(everywhere: Newcomer) -> None:
    nina = everywhere
    nina.invited()
    nina.asks_for_a_code()
    nina.world.clock.forward(DAY)
    nina.world.settle(LATER.total_seconds() + 60, step=600)
    with nina.world.database.reading() as session:
        assert (
            session.scalars(
                select(Phone).join(Person).where(Person.username_key == "nina.alvarez")
            ).all()
            == []
        )
        assert session.scalars(select(Proof)).all() == []


def test_a_number_that_was_imported_outlives_a_try_that_was_given_up(everywhere: Newcomer) -> None:
    nina = everywhere
    seal, now = nina.world.seal, nina.world.clock()
    sealed = {"sealed_number": seal.seal(SecretStr(NINA)), "number_index": seal.index(NINA)}
    with nina.world.database.transaction() as session:
        person = nina.person(session)
        person.phones.append(Phone(tenant_id=person.tenant_id, created_at=now, **sealed))
    nina.invited()
    nina.asks_for_a_code()
    nina.world.clock.forward(DAY)
    nina.world.settle(LATER.total_seconds() + 60, step=600)
    with nina.world.database.reading() as session:
        assert [phone.verified_at for phone in nina.person(session).phones] == [None]
