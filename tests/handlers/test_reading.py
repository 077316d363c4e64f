"""What is to be done about a text, once its meaning is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.vocabulary import vocabulary
from handlers import read
from handlers.conversation import (
    Account,
    Action,
    Answer,
    Ask,
    Caller,
    Disown,
    Do,
    OptIn,
    OptOut,
    Question,
    Say,
    Text,
)

ANN = Account(key=7, name="ann")
ADMIN = Account(key=8, name="ann-admin")
NOT_ENABLED = Caller(accounts=())
ONE = Caller(accounts=(ANN,))
TWO = Caller(accounts=(ANN, ADMIN))
ASKED = Caller(accounts=(ANN, ADMIN), question=Question(Action.UNLOCK, (ADMIN, ANN)))

AROUND = st.text(st.sampled_from(" \t\r\n.,!?-_*\"'()<>#😀👍🏽\u200b\ufe0f"), max_size=8)
"""What thumbs, keyboards and signatures put around a word."""


def said(body: str, caller: Caller = ONE) -> Answer:
    """What is to be done about a text."""
    return read(vocabulary().understand(Text(body)), Text(body), caller)


@pytest.mark.parametrize(
    "body", ["RESET", "reset", " Reset! ", "RESET.", "reset 😀", "\n\uff32\uff25\uff33\uff25\uff34"]
)
def test_reset_in_any_dress_resets_the_only_account(body: str) -> None:
    assert said(body) == Do(Action.RESET, ANN)


@pytest.mark.parametrize(
    ("body", "action"), [("unlock", Action.UNLOCK), ("Status?", Action.STATUS)]
)
def test_the_other_wishes_are_for_the_only_account_too(body: str, action: Action) -> None:
    assert said(body) == Do(action, ANN)


@pytest.mark.parametrize("body", ["please reset", "RESETT", "re set", "forgot my password"])
def test_what_is_not_said_in_so_many_words_is_a_guess(body: str) -> None:
    assert said(body) == Do(Action.RESET, ANN, is_guess=True)


@pytest.mark.parametrize("body", ["do not reset", "hello", "", "r e s t", "I need a rest"])
def test_what_means_nothing_does_nothing(body: str) -> None:
    assert said(body) == Say("unknown")


@pytest.mark.parametrize("action", list(Action))
def test_nobody_is_guessed_where_a_phone_has_several_accounts(action: Action) -> None:
    assert said(action.value, TWO) == Ask(action, (ANN, ADMIN))


@pytest.mark.parametrize(
    ("body", "account"), [("RESET 2", ADMIN), ("reset ann", ANN), ("Reset ANN-Admin", ADMIN)]
)
def test_whoever_says_which_is_not_asked(body: str, account: Account) -> None:
    assert said(body, TWO) == Do(Action.RESET, account)


@pytest.mark.parametrize("body", ["RESET 3", "RESET 0", "RESET gandalf"])
@pytest.mark.parametrize("caller", [ONE, TWO])
def test_a_choice_that_is_none_is_asked_back_even_of_who_has_one_account(
    body: str, caller: Caller
) -> None:
    assert said(body, caller) == Ask(Action.RESET, caller.accounts)


@pytest.mark.parametrize(
    ("body", "account"), [("1", ADMIN), ("2.", ANN), ("ann", ANN), ("UNLOCK 1", ADMIN)]
)
def test_a_question_is_answered_by_place_or_name(body: str, account: Account) -> None:
    assert said(body, ASKED) == Do(Action.UNLOCK, account)


@pytest.mark.parametrize("body", ["1", "2", "ann", "³", "٢", "3", "123456"])
def test_without_a_question_a_place_or_a_name_means_nothing(body: str) -> None:
    assert said(body, TWO) == Say("unknown")


@pytest.mark.parametrize("body", ["³", "٢", "3", "0", "99", "123456"])
def test_what_is_no_place_in_the_list_is_no_answer(body: str) -> None:
    assert said(body, ASKED) == Say("unknown")


def test_two_accounts_of_one_name_are_told_apart_by_place_alone() -> None:
    twins = Caller(accounts=(ANN, Account(key=9, name="ANN")))
    assert said("RESET ann", twins) == Ask(Action.RESET, twins.accounts)


@pytest.mark.parametrize("body", ["RESET", "UNLOCK", "STATUS", "hello"])
def test_a_person_for_whom_nothing_is_enabled_is_told_so(body: str) -> None:
    assert said(body, NOT_ENABLED) == Say("not_enabled")
    assert said(body, Caller(accounts=(), is_frozen=True)) == Say("frozen")


def test_only_in_so_many_words_somebody_disowns_it() -> None:
    assert said("NOTME") == said("not me!") == Disown()
    assert said("this wasn't me") == Say("not_me_ask")


@pytest.mark.parametrize("caller", [NOT_ENABLED, ONE, TWO])
@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ("stop STOPALL Unsubscribe cancel End quit revoke optout opt-out Remove td", OptOut()),
        ("arret ARRÊT arre\u0302t", OptOut()),
        ("start UNSTOP Yes", OptIn()),
        ("help Info? ayuda", Say("help")),
    ],
)
def test_what_carriers_require_means_the_same_for_everybody(
    bodies: str, expected: Answer, caller: Caller
) -> None:
    for body in bodies.split():
        assert said(body, caller) == expected


@pytest.mark.parametrize("body", ["stop please", "yes reset", "start over", "the end"])
def test_a_carriers_word_within_a_sentence_opts_nobody_out_or_in(body: str) -> None:
    assert not isinstance(said(body), OptOut | OptIn)


@given(st.sampled_from(["RESET", "unlock", "Status", "STOP", "yes", "help"]), AROUND, AROUND)
def test_nothing_around_a_word_changes_its_meaning(word: str, before: str, after: str) -> None:
    assert said(before + word + after) == said(word)


@given(st.text(max_size=200))
def test_whatever_is_texted_only_a_command_resets_without_being_a_guess(body: str) -> None:
    answer = said(body)
    if isinstance(answer, Do) and answer.action is Action.RESET and not answer.is_guess:
        assert len(Text(body).words) <= 2
