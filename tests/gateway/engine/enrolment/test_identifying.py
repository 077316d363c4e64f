"""Where the policy asks for it a link is not enough: the password of Windows goes with it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from directory.accounts import Authentication
from directory.errors import AccountRefused, DirectoryUnreachable, Refusal
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step
from gateway.records.audit import Event
from tests.fakes import FakeAccount
from tests.gateway.engine.enrolment.conftest import NINA, Newcomer, events, policy

OWN, WRONG = "Own-Passw0rd-of-Nina", "Not-the-Passw0rd"


@pytest.fixture
def nina(nina: Newcomer) -> Newcomer:
    """Invited, with an account and a policy that asks for its password."""
    policy(nina.world, enrol_proof="directory_password")
    account = FakeAccount("nina.alvarez")
    nina.world.directory.accounts[account.guid] = account
    nina.world.directory.answers = {OWN: Authentication.RIGHT}
    nina.invited()
    return nina


def identify(nina: Newcomer, password: str) -> None:
    nina.world.enrolment.identifying.identify(nina.token, SecretStr(password))


def refused(nina: Newcomer, password: str) -> Reason:
    with pytest.raises(StepRefused) as error:
        identify(nina, password)
    return error.value.reason


def test_the_password_comes_before_the_number(nina: Newcomer) -> None:
    before = nina.step
    with pytest.raises(StepRefused):
        nina.asks_for_a_code()
    identify(nina, OWN)
    assert (before, nina.step) == (Step.IDENTIFY, Step.NUMBER)
    nina.asks_for_a_code()
    nina.types(nina.codes()[0])
    assert nina.verified() == ["code"]


def test_a_password_that_has_to_be_changed_is_proof_enough(nina: Newcomer) -> None:
    nina.world.directory.answers = {OWN: Authentication.MUST_CHANGE}
    identify(nina, OWN)
    assert nina.step is Step.NUMBER


def test_three_wrong_ones_a_day_and_the_directory_is_asked_no_more(nina: Newcomer) -> None:
    reasons = [refused(nina, WRONG) for _ in range(4)]
    assert reasons == [Reason.PASSWORD_WRONG] * 3 + [Reason.TOO_MANY]
    assert nina.world.directory.tried == [WRONG] * 3
    assert len(events(nina.world, Event.IDENTITY_WRONG)) == 3


def test_who_has_no_try_left_makes_nobody_search_the_directory(nina: Newcomer) -> None:
    for _ in range(3):
        refused(nina, WRONG)
    nina.world.directory.faults = [DirectoryUnreachable("it was asked")]
    assert refused(nina, WRONG) is Reason.TOO_MANY
    assert [each.reason for each in events(nina.world, Event.LIMIT_REACHED)] == ["password_tries"]


def test_when_nobody_can_count_no_password_is_tried(nina: Newcomer) -> None:
    nina.world.limits.can_say = False
    assert refused(nina, OWN) is Reason.CANNOT_COUNT
    assert nina.world.directory.tried == []


def test_a_newer_link_does_not_begin_the_count_anew(nina: Newcomer) -> None:
    for _ in range(3):
        refused(nina, WRONG)
    nina.invited()
    assert refused(nina, OWN) is Reason.TOO_MANY


def test_nothing_typed_costs_nothing(nina: Newcomer) -> None:
    assert refused(nina, "") is Reason.PASSWORD_EMPTY
    assert nina.world.directory.tried == []
    assert not any(name == "password_tries" for name, _ in nina.world.limits.taken)


@pytest.mark.parametrize(
    "answer",
    [
        Authentication.LOCKED,
        Authentication.DISABLED,
        Authentication.EXPIRED,
        Authentication.NOT_NOW,
    ],
)
def test_what_the_help_desk_has_to_look_at_is_said_so(
    nina: Newcomer, answer: Authentication
) -> None:
    nina.world.directory.answers = {OWN: answer}
    assert refused(nina, OWN) is Reason.ACCOUNT_REFUSED
    assert nina.step is Step.IDENTIFY


def test_who_comes_close_to_a_lockout_is_told_how_to_go_on(nina: Newcomer) -> None:
    nina.world.directory.answers = {OWN: Authentication.TOO_RISKY}
    assert refused(nina, OWN) is Reason.PASSWORD_RISKY


def test_a_directory_that_is_away_or_refuses_the_account_proves_nothing(nina: Newcomer) -> None:
    nina.world.directory.faults = [DirectoryUnreachable("away")]
    assert refused(nina, OWN) is Reason.DIRECTORY_AWAY
    nina.world.directory.faults = [AccountRefused(Refusal.PROTECTED)]
    assert refused(nina, OWN) is Reason.ACCOUNT_REFUSED
    assert nina.step is Step.IDENTIFY


def test_a_directory_that_is_away_costs_no_try(nina: Newcomer) -> None:
    nina.world.directory.faults = [DirectoryUnreachable("away")] * 5
    assert [refused(nina, OWN) for _ in range(5)] == [Reason.DIRECTORY_AWAY] * 5
    identify(nina, OWN)
    assert nina.step is Step.NUMBER


def test_a_password_is_not_the_word_of_the_msp(nina: Newcomer) -> None:
    """The policy is made stricter while somebody is at it."""
    identify(nina, OWN)
    policy(nina.world, enrol_proof="operator")
    nina.asks_for_a_code()
    nina.types(nina.codes()[0])
    assert (nina.step, nina.verified()) == (Step.APPROVAL, [])


def test_the_password_is_kept_nowhere(nina: Newcomer) -> None:
    refused(nina, WRONG)
    identify(nina, OWN)
    with nina.world.database.reading() as session:
        for table in ("invitations", "audit_events", "people", "proofs", "mails"):
            for row in session.execute(text(f"SELECT * FROM {table}")):  # noqa: S608  (ours)
                assert not {OWN, WRONG} & {str(value) for value in row}
    assert not any(OWN in key for _, key in nina.world.limits.taken)


def test_at_most_two_are_asked_at_a_time(nina: Newcomer) -> None:
    """Texts are taken by the same process and must not wait for a slow directory."""
    seen: list[Reason] = []

    def another_asks_meanwhile() -> None:
        if len(nina.world.directory.tried) < 2:
            seen.append(refused(nina, WRONG))
        else:
            seen.append(refused(nina, WRONG))
            nina.world.directory.meanwhile = lambda: None

    nina.world.directory.meanwhile = another_asks_meanwhile
    identify(nina, OWN)
    assert seen == [Reason.DIRECTORY_AWAY, Reason.PASSWORD_WRONG]
    assert nina.world.directory.tried == [OWN, WRONG]


def test_the_number_of_somebody_who_was_identified_is_theirs(nina: Newcomer) -> None:
    identify(nina, OWN)
    nina.asks_for_a_code(NINA)
    assert len(events(nina.world, Event.IDENTITY_PROVED)) == 1
