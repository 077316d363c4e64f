"""What people text, and what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import WordClaimedTwice, WordReserved, gather, read
from handlers.conversation import (
    Account,
    Action,
    Answer,
    Caller,
    Do,
    OptIn,
    OptOut,
    Say,
    Text,
)

ANN = Account(key=7, name="ann")
ANN_ADMIN = Account(key=8, name="ann-admin")
NOT_ENABLED = Caller(accounts=())
ONE = Caller(accounts=(ANN,))
TWO = Caller(accounts=(ANN, ANN_ADMIN))

AROUND = st.text(st.sampled_from(" \t\r\n.,!?-_*\"'()<>#😀👍🏽\u200b\ufe0f"), max_size=8)
"""What thumbs, keyboards and signatures put around a word."""


class FakeHandler:
    """Stands for a module of the package that someone adds."""

    def __init__(self, name: str, *words: str) -> None:
        self.__name__ = f"handlers.{name}"
        self.WORDS = words

    def answer(self, text: Text, caller: Caller) -> Answer:
        return Say(self.__name__)


@pytest.mark.parametrize(
    "body", ["RESET", "reset", " Reset! ", "RESET.", "reset 😀", "\n\uff32\uff25\uff33\uff25\uff34"]
)
def test_reset_in_any_dress_resets_the_only_account(body: str) -> None:
    assert read(Text(body), ONE) == Do(Action.RESET, ANN)


@pytest.mark.parametrize(
    ("body", "action"), [("unlock", Action.UNLOCK), ("Status?", Action.STATUS)]
)
def test_the_other_wishes_are_for_the_only_account_too(body: str, action: Action) -> None:
    assert read(Text(body), ONE) == Do(action, ANN)


@pytest.mark.parametrize(
    "body",
    ["RESET 2", "please reset", "reset reset", "RESETT", "re set", "r e s e t", "do not reset", ""],
)
def test_only_a_whole_text_acts(body: str) -> None:
    assert read(Text(body), ONE) == Say("unknown")


@pytest.mark.parametrize("body", ["RESET", "UNLOCK", "STATUS"])
def test_nobody_is_guessed_where_a_phone_has_several_accounts(body: str) -> None:
    assert read(Text(body), TWO) == Say("several_accounts")


@pytest.mark.parametrize("body", ["RESET", "UNLOCK", "STATUS", "hello"])
def test_a_person_for_whom_nothing_is_enabled_is_told_so(body: str) -> None:
    assert read(Text(body), NOT_ENABLED) == Say("not_enabled")


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
        assert read(Text(body), caller) == expected


@pytest.mark.parametrize("body", ["stop please", "please help", "yes reset", "cancel my reset"])
def test_a_carriers_word_within_a_sentence_is_no_command(body: str) -> None:
    assert read(Text(body), ONE) == Say("unknown")


@given(st.sampled_from(["RESET", "unlock", "Status", "STOP", "yes", "help"]), AROUND, AROUND)
def test_nothing_around_a_word_changes_its_meaning(word: str, before: str, after: str) -> None:
    assert read(Text(before + word + after), ONE) == read(Text(word), ONE)


@given(st.text(max_size=200))
def test_whatever_is_texted_only_the_three_words_touch_an_account(body: str) -> None:
    acts = isinstance(read(Text(body), ONE), Do)
    assert acts == (Text(body).words in {("RESET",), ("UNLOCK",), ("STATUS",)})


def test_a_new_handler_answers_its_words_however_they_are_written() -> None:
    answers = gather([FakeHandler("hours", "Opening hours?", "HOURS")])
    assert {word: answer(Text(""), ONE) for word, answer in answers.items()} == {
        "OPENING HOURS": Say("handlers.hours"),
        "HOURS": Say("handlers.hours"),
    }


@pytest.mark.parametrize("word", ["CANCEL", "yes", "Opt-Out", "TD", "AYUDA"])
def test_a_handler_may_not_claim_a_carriers_word(word: str) -> None:
    with pytest.raises(WordReserved, match=rf"handlers\.confirm claims '{word}'"):
        gather([FakeHandler("confirm", "OKAY", word)])


def test_not_even_a_carriers_handler_may_claim_the_word_of_another() -> None:
    with pytest.raises(WordReserved, match=r"only handlers/stop\.py"):
        gather([FakeHandler("start", "START", "STOP")])


def test_two_handlers_may_not_claim_one_word() -> None:
    with pytest.raises(
        WordClaimedTwice, match=r"handlers\.b claims 'balance!', but handlers\.a has claimed it"
    ):
        gather([FakeHandler("a", "BALANCE"), FakeHandler("b", "balance!")])
