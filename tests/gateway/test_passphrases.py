"""One-time passwords: what the domain accepts, what nobody guesses, and what people can type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import log2
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway import words
from gateway.passphrases import (
    DIGITS,
    LEAST_BITS,
    LONGEST_MINIMUM,
    OneTimePassword,
    PasswordImpossible,
    entropy_bits,
    make,
    recipe,
)
from gateway.segments import GSM_7_BASIC

SHAPE = re.compile(r"([A-HJ-Z][a-z]{2,6}([-+=]))(?:[A-HJ-Z][a-z]{2,6}\2){2,}[2-9]{3}")

NAMES = st.lists(
    st.text(max_size=40)
    | st.from_regex(r"[a-z]{1,4}[-._+]?[a-z0-9]{0,5}", fullmatch=True)
    | st.sampled_from(words.all_words())
    | st.text(st.sampled_from(DIGITS), max_size=4),
    max_size=4,
)


class CountingSource(Random):
    """Notes among how many different things each choice was made."""

    def __init__(self) -> None:
        super().__init__(0)
        self.counts: list[int] = []

    def choice(self, seq: Sequence[str]) -> str:  # type: ignore[override]
        self.counts.append(len(set(seq)))
        return seq[0]


def refused_by_active_directory(password: str, logon: str, display: str) -> bool:
    """MS-SAMR 3.1.1.7.2, with everybody's rule that a password has three classes of letters."""
    held = password.upper()
    tokens = [token for token in re.split(r"[\s,.\-_#]+", display) if len(token) > 2]
    if len(logon) > 2:
        tokens.append(logon)
    classes = sum(bool(re.search(kind, password)) for kind in ("[A-Z]", "[a-z]", "[0-9]", r"\W"))
    return classes < 3 or any(token.upper() in held for token in tokens)


def plain(password: OneTimePassword) -> str:
    return password.get_secret_value()


def possible(names: Sequence[str]) -> bool:
    return not all(any(separator in name for name in names) for separator in "-+=")


@settings(deadline=None)
@given(st.integers(0, LONGEST_MINIMUM), NAMES.filter(possible), st.integers(0, 9))
def test_a_password_is_words_and_digits_of_the_length_that_was_asked_for(
    min_length: int, names: list[str], word_count: int
) -> None:
    password = plain(make(min_length, names, words=word_count))
    assert SHAPE.fullmatch(password)
    assert max(15, min_length) <= len(password) <= 127
    assert set(password) <= GSM_7_BASIC


@settings(deadline=None)
@given(NAMES.filter(possible), st.integers())
@example(["r-canal", "Canal"], 0)
@example(["a-b", "x+y"], 0)
@example(["234", "Otter 567"], 0)
@example(["o'brien", "Anna-Lena O'Brien, Dr."], 0)
@example(["MÜLLER", "Müller"], 0)
def test_active_directory_accepts_it_for_whatever_name(names: list[str], seed: int) -> None:
    password = plain(make(14, names, random=Random(seed)))
    for logon in names:
        assert not refused_by_active_directory(password, logon, " ".join(names))


@settings(deadline=None)
@given(NAMES.filter(possible))
def test_every_person_gets_at_least_43_bits(names: list[str]) -> None:
    assert entropy_bits(names) >= LEAST_BITS >= 43


@pytest.mark.parametrize("names", [[], ["casey", "Casey Canal 234"]])
def test_the_bits_are_counted_from_the_choices_that_are_really_made(names: list[str]) -> None:
    source = CountingSource()
    make(0, names, random=source)
    assert entropy_bits(names) == pytest.approx(sum(map(log2, source.counts)))


def test_what_is_drawn_neither_holds_a_part_of_a_name_nor_lies_within_one() -> None:
    draw = recipe(["cana2345", "O. Turbinella"])
    assert {"canal", "canary", "turbine"}.isdisjoint(draw.words)
    assert {"234", "345"}.isdisjoint(draw.digit_groups)
    assert {"banana", "turban"} <= set(draw.words)


def test_names_that_leave_few_words_are_made_up_for_with_more_words() -> None:
    few = recipe(["".join(words.all_words()[::2])])
    assert len(few.words) < 2100
    assert few.word_count == 4
    assert few.bits >= LEAST_BITS


def test_names_that_leave_no_word_are_an_error_and_not_a_weak_password() -> None:
    with pytest.raises(PasswordImpossible, match="too few words"):
        make(14, ["".join(words.all_words())])


def test_names_with_every_separator_are_an_error() -> None:
    with pytest.raises(PasswordImpossible, match="separator"):
        make(14, ["a-b", "c+d=e"])


def test_a_minimum_that_no_sign_in_takes_is_an_error() -> None:
    with pytest.raises(PasswordImpossible, match="121 characters"):
        make(121, [])


@pytest.mark.parametrize("name", ["a", "an", "a-", "-", "", " ", "7", "Ng"])
def test_a_short_name_excludes_no_word(name: str) -> None:
    assert len(recipe([name]).words) == len(words.all_words())


def test_the_same_dice_make_the_same_password_and_the_systems_never_do() -> None:
    assert make(14, [], random=Random(1)) == make(14, [], random=Random(1))
    assert len({plain(make(14, [])) for _ in range(50)}) == 50


def test_a_password_cannot_be_printed() -> None:
    password = make(14, ["ann"])
    shown = f"{password} {password!r} {password!s} {[password]} {vars(password).keys()}"
    assert not any(word in shown for word in re.split(r"\W", plain(password)))


def test_the_words_are_easy_to_read_and_none_is_one_that_was_left_out() -> None:
    known = words.all_words()
    assert len(known) == len(set(known)) > 4000
    assert not words.LEFT_OUT.intersection(known)
    assert all(re.fullmatch(r"[a-hj-z][a-z]{2,6}", word) for word in known)


def test_what_the_page_about_passwords_says_is_true(pytestconfig: pytest.Config) -> None:
    page = (pytestconfig.rootpath / "docs/passwords.md").read_text(encoding="utf-8")
    usual = recipe([])
    assert f"{len(usual.words):,} words" in page
    assert f"{len(usual.digit_groups)} groups" in page
    assert f"{usual.bits:.1f} bits" in page
    assert f"{log2(len(usual.words)):.2f} bits" in page
    assert f"{entropy_bits(words=4):.1f} bits" in page
