"""The six digits that prove a number: how long, how often, and who has to type them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from gateway import codes
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step
from gateway.records import Phone
from gateway.records.audit import Event
from gateway.seal import Seal, new_key
from tests.gateway.engine.enrolment.conftest import (
    NINA,
    OTHER,
    Newcomer,
    events,
    mails,
    other_than,
)

MINUTE = 60


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
