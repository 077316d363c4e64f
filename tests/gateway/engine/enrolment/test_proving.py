"""A code is texted to a number, and only its holder can bring it back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from gateway import codes
from gateway.engine.deliveries import Report
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step
from gateway.engine.forgetting import LATER
from gateway.records import Consent, Person, Phone, Proof
from gateway.records.audit import Event
from gateway.seal import Seal, new_key
from tests.fakes import FakeAccount
from tests.gateway.engine.enrolment.conftest import (
    NINA,
    OTHER,
    WISH,
    Newcomer,
    add_person,
    events,
    mails,
    other_than,
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


def test_the_code_ends_with_a_line_that_browsers_fill_it_in_by(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    [sent] = nina.world.texts(NINA)
    assert sent.splitlines()[-1] == f"@reset.example.com #{nina.codes()[0]}"


def test_a_code_as_phones_and_people_write_it_is_taken(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    [code] = nina.codes()
    nina.types(f" {code[:3]}\u2011{code[3:]}\u200b ")
    assert nina.step is Step.DONE


def test_sending_again_sends_the_same_code_and_not_within_two_minutes(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    with pytest.raises(StepRefused) as refused:
        nina.world.enrolment.proving.again(nina.token)
    assert (refused.value.reason, refused.value.seconds) == (Reason.WAIT, 2 * MINUTE)
    nina.world.clock.forward(2 * MINUTE)
    nina.world.enrolment.proving.again(nina.token)
    nina.world.work()
    first, second = nina.codes()
    assert first == second


def test_a_code_that_is_sent_again_says_how_long_it_still_works(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    nina.world.clock.forward(8 * MINUTE + 30)
    nina.world.enrolment.proving.again(nina.token)
    nina.world.work()
    first, second = nina.world.texts(NINA)
    assert "works for 10 min." in first
    assert "works for 1 min." in second


def test_a_code_that_was_just_made_works_for_as_long_as_the_page_says(nina: Newcomer) -> None:
    nina.invited()
    nina.world.clock.seconds_a_look = 0.01
    nina.asks_for_a_code()
    assert "works for 10 min." in nina.world.texts(NINA)[0]


def test_asking_for_the_same_number_anew_sends_the_same_code(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    nina.world.clock.forward(3 * MINUTE)
    nina.asks_for_a_code()
    assert len(set(nina.codes())) == 1


def test_another_number_gets_another_code_and_the_first_one_is_dead(
    everywhere: Newcomer,
) -> None:
    nina = everywhere
    nina.invited()
    nina.asks_for_a_code()
    nina.asks_for_a_code(OTHER)
    [first] = nina.codes()
    [second] = nina.codes(OTHER)
    if first != second:
        assert nina.refused_code(first).reason is Reason.CODE_WRONG
    nina.types(second)
    with nina.world.database.reading() as session:
        [phone] = session.scalars(select(Phone).where(Phone.verified_by == "code"))
        assert nina.world.seal.unseal(phone.sealed_number).get_secret_value() == OTHER


def test_a_wrong_code_says_how_many_tries_are_left_and_the_third_ends_it(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    [code] = nina.codes()
    wrong = [nina.refused_code(other_than(code)) for _ in range(3)]
    assert [(each.reason, each.left) for each in wrong] == [
        (Reason.CODE_WRONG, 2),
        (Reason.CODE_WRONG, 1),
        (Reason.CODE_SPENT, 0),
    ]
    assert nina.refused_code(code).reason is Reason.CODE_SPENT
    assert nina.verified() == []


def test_a_slip_costs_no_try(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    for slip in ("", "12345", "1234567", "abcdef", "\uff11\uff12\uff13"):
        assert nina.refused_code(slip).reason is Reason.CODE_SHAPE
    nina.types(nina.codes()[0])


def test_a_code_is_good_for_ten_minutes(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    nina.world.clock.forward(10 * MINUTE)
    assert nina.refused_code(nina.codes()[0]).reason is Reason.CODE_LATE
    assert nina.step is Step.NUMBER


def test_a_new_code_does_not_begin_the_count_of_wrong_ones_anew(nina: Newcomer) -> None:
    """NIST SP 800-63B-4 3.1.3.2."""
    nina.invited()
    reasons = []
    for _ in range(4):
        nina.asks_for_a_code()
        code = nina.codes()[-1]
        reasons += [nina.refused_code(other_than(code)).reason for _ in range(3)]
        nina.world.clock.forward(3 * MINUTE)
    assert reasons.count(Reason.TOO_MANY) == 2
    assert reasons[-2:] == [Reason.TOO_MANY, Reason.TOO_MANY]


def test_of_many_who_type_the_right_code_at_once_the_number_is_proved_once(
    everywhere: Newcomer,
) -> None:
    nina = everywhere
    nina.invited()
    nina.asks_for_a_code()
    [code] = nina.codes()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _tried(nina, code), range(8)))
    assert nina.verified() == ["code"]
    assert len(events(nina.world, Event.PHONE_PROVED)) == 1
    assert len(mails(nina.world, "enrolled")) == 1


def test_of_many_guesses_at_once_three_are_looked_at(everywhere: Newcomer) -> None:
    nina = everywhere
    nina.invited()
    nina.asks_for_a_code()
    wrong = other_than(nina.codes()[0])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _tried(nina, wrong), range(8)))
    assert len(events(nina.world, Event.CODE_WRONG)) == 3


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


def test_the_code_stands_nowhere_in_the_database(nina: Newcomer) -> None:
    nina.invited()
    nina.asks_for_a_code()
    [code] = nina.codes()
    with nina.world.database.reading() as session:
        for table in ("proofs", "outbound_messages", "audit_events", "phones"):
            for row in session.execute(text(f"SELECT * FROM {table}")):  # noqa: S608  (ours)
                assert code not in {str(value) for value in row}


def test_a_code_is_known_after_the_keys_were_rotated() -> None:
    old, new = new_key(), new_key()
    before, after = Seal([SecretStr(old)]), Seal([SecretStr(new), SecretStr(old)])
    seed = codes.new_seed()
    code = codes.code_of(before, seed).get_secret_value()
    assert codes.is_code(after, seed, code)
    assert not codes.is_code(Seal([SecretStr(new_key())]), seed, other_than(code))


def _tried(nina: Newcomer, code: str) -> None:
    try:
        nina.types(code)
    except StepRefused:
        return
