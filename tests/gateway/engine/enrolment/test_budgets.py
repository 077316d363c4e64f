"""What a flood costs at most, and whom it cannot keep from being helped."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.links import Signed
from gateway.records.audit import Event
from tests.gateway.engine.enrolment.conftest import (
    NINA,
    Newcomer,
    add_person,
    events,
    policy,
)

MINUTE, DAY = 60, 24 * 3600
NUMBERS = [f"+141555502{place:02d}" for place in range(30)]


def test_a_person_is_texted_ten_codes_a_day(nina: Newcomer) -> None:
    policy(nina.world, link_hours="72")
    nina.invited()
    for number in NUMBERS[:10]:
        nina.asks_for_a_code(number)
    assert nina.refused(NUMBERS[10]).reason is Reason.TOO_MANY
    assert len(nina.world.carrier.sent) == 10
    nina.world.clock.forward(DAY)
    nina.asks_for_a_code(NUMBERS[11])


def test_a_number_is_texted_ten_codes_a_day_whoever_asks(nina: Newcomer) -> None:
    refused = 0
    for place in range(12):
        newcomer = add_person(nina.world, f"person.{place}")
        newcomer.invited()
        try:
            newcomer.asks_for_a_code(NINA)
        except StepRefused as error:
            refused += error.reason is Reason.TOO_MANY
    assert (len(nina.codes()), refused) == (10, 2)


def test_an_organization_spends_what_its_policy_allows(nina: Newcomer) -> None:
    policy(nina.world, codes_per_day="3")
    nina.invited()
    for number in NUMBERS[:3]:
        nina.asks_for_a_code(number)
    assert nina.refused(NUMBERS[3]).reason is Reason.ALL_SPENT


def test_the_installation_spends_what_its_setting_allows(nina: Newcomer) -> None:
    nina.world.codes_per_day = 2
    nina.world.restarted()
    nina.invited()
    for number in NUMBERS[:2]:
        nina.asks_for_a_code(number)
    assert nina.refused(NUMBERS[2]).reason is Reason.ALL_SPENT
    assert len(nina.world.carrier.sent) == 2


def test_who_is_refused_for_themselves_costs_the_others_nothing(nina: Newcomer) -> None:
    policy(nina.world, codes_per_day="11")
    nina.invited()
    for number in NUMBERS[:10]:
        nina.asks_for_a_code(number)
    for number in NUMBERS[10:]:
        assert nina.refused(number).reason is Reason.TOO_MANY
    other = add_person(nina.world, "other.one")
    other.invited()
    other.asks_for_a_code(NINA)


def test_nobody_can_pause_somebody_elses_enrolment_by_asking_for_their_number(
    nina: Newcomer,
) -> None:
    attacker = add_person(nina.world, "attacker.one")
    attacker.invited()
    attacker.asks_for_a_code(NINA)
    nina.invited()
    nina.asks_for_a_code()


def test_when_nobody_can_count_the_answer_is_no_and_nothing_is_texted(nina: Newcomer) -> None:
    nina.invited()
    nina.world.limits.can_say = False
    assert nina.refused().reason is Reason.CANNOT_COUNT
    with pytest.raises(StepRefused) as refused:
        nina.world.enrolment.budgets.spend_look("192.0.2.7", nina.token)
    assert refused.value.reason is Reason.CANNOT_COUNT
    with pytest.raises(StepRefused) as refused:
        nina.world.enrolment.renewing.ask(nina.token, "192.0.2.7")
    assert refused.value.reason is Reason.CANNOT_COUNT
    assert nina.world.carrier.sent == []


def test_a_limit_that_is_hit_is_told_once_and_not_with_every_try(nina: Newcomer) -> None:
    nina.invited()
    for number in NUMBERS[:10]:
        nina.asks_for_a_code(number)
    with capture_logs() as logs:
        for number in NUMBERS[10:20]:
            nina.refused(number)
    told = events(nina.world, Event.LIMIT_REACHED)
    assert [each.reason for each in told] == ["codes_per_person"]
    assert [each["limit"] for each in logs if each["event"] == "limit.reached"] == [
        "codes_per_person"
    ]


def test_a_pause_is_no_incident(nina: Newcomer) -> None:
    """People press twice."""
    nina.invited()
    nina.asks_for_a_code()
    with capture_logs() as logs:
        assert nina.refused().reason is Reason.WAIT
    assert events(nina.world, Event.LIMIT_REACHED) == []
    assert not [each for each in logs if each["event"] == "limit.reached"]


def test_a_guesser_of_links_is_slowed_down_by_their_address(nina: Newcomer) -> None:
    for _ in range(1000):
        nina.world.enrolment.budgets.spend_look("192.0.2.66", "made-up")
    with pytest.raises(StepRefused) as refused:
        nina.world.enrolment.budgets.spend_look("192.0.2.66", "made-up")
    assert refused.value.reason is Reason.ALL_SPENT
    nina.world.enrolment.budgets.spend_look("192.0.2.67", "made-up")


def test_a_guesser_keeps_nobody_beside_them_from_a_link_of_ours(nina: Newcomer) -> None:
    budgets, office = nina.world.enrolment.budgets, "192.0.2.66"
    nina.invited()
    for place in range(1000):
        budgets.spend_look(office, f"guess-{place}")
    for place in range(20):
        budgets.spend_fresh_link(office, f"guess-{place}")
    budgets.spend_look(office, nina.token)
    budgets.spend_fresh_link(office, nina.token)


def test_a_whole_office_opens_its_links_at_one_meeting(nina: Newcomer) -> None:
    nina.invited()
    nina.world.enrolment.budgets.spend_look("192.0.2.66", nina.token)
    [looks] = nina.world.limits.taken.values()
    looks *= 9_999
    nina.world.enrolment.budgets.spend_look("192.0.2.66", nina.token)
    with pytest.raises(StepRefused) as refused:
        nina.world.enrolment.budgets.spend_look("192.0.2.66", nina.token)
    assert refused.value.reason is Reason.ALL_SPENT


def test_a_whole_office_asks_for_fresh_links_after_a_weekend(nina: Newcomer) -> None:
    budgets = nina.world.enrolment.budgets
    links = [nina.world.links.url(Signed("activation", place, "0" * 32)) for place in range(501)]
    *office, last = [link.rpartition("/")[2] for link in links]
    for token in office:
        budgets.spend_fresh_link("192.0.2.66", token)
    with pytest.raises(StepRefused) as refused:
        budgets.spend_fresh_link("192.0.2.66", last)
    assert refused.value.reason is Reason.ALL_SPENT


def test_who_makes_links_up_asks_for_few_fresh_ones(nina: Newcomer) -> None:
    for place in range(20):
        nina.world.enrolment.renewing.ask(f"guess-{place}", "192.0.2.66")
    with pytest.raises(StepRefused) as refused:
        nina.world.enrolment.renewing.ask("guess-20", "192.0.2.66")
    assert refused.value.reason is Reason.ALL_SPENT


def test_no_key_holds_a_number_or_an_address(nina: Newcomer) -> None:
    nina.invited()
    nina.world.enrolment.budgets.spend_look("192.0.2.66", "made-up")
    nina.asks_for_a_code()
    for _, key in nina.world.limits.taken:
        assert "192.0.2" not in key
        assert "4155550177" not in key
