"""Six digits prove a number, however a phone fills them in, and nothing else does."""

from __future__ import annotations

import unicodedata

from hypothesis import assume, example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway import codes
from gateway.seal import Seal, new_key

SEAL = Seal([SecretStr(new_key())])
SEEDS = st.binary(min_size=16, max_size=16).map(bytes.hex)
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)
"""Also half letters, such as no browser sends."""

NEARLY = st.text(st.sampled_from("0123456789 -\u200b\u2013\u0661\uff11\u00b2\u2460x\ud800"))
UNSEEN = st.text(st.sampled_from(" \t\u00a0\u200b\u202a\u2011-\u2013\r\n"), max_size=3)


def code_of(seed: str) -> str:
    return codes.code_of(SEAL, seed).get_secret_value()


@given(SEEDS)
def test_a_code_is_six_digits_and_is_taken(seed: str) -> None:
    code = code_of(seed)
    assert len(code) == 6
    assert code.isascii()
    assert code.isdigit()
    assert codes.looks_like_one(code)
    assert codes.is_code(SEAL, seed, code)


@given(SEEDS, st.lists(UNSEEN, min_size=7, max_size=7), st.booleans())
def test_blanks_and_dashes_and_wide_digits_change_nothing(
    seed: str, unseen: list[str], is_wide: bool
) -> None:
    digits = [chr(ord(digit) + 0xFEE0) if is_wide else digit for digit in code_of(seed)]
    given = "".join(a + b for a, b in zip(unseen, [*digits, ""], strict=True))
    assert codes.looks_like_one(given)
    assert codes.is_code(SEAL, seed, given)


@given(SEEDS, ANYTHING | NEARLY)
@example("00" * 16, "\ud800")
def test_whatever_is_typed_only_the_right_digits_are_taken(seed: str, given: str) -> None:
    code = code_of(seed)
    seen = [each for each in unicodedata.normalize("NFKC", given) if each in "0123456789"]
    if codes.is_code(SEAL, seed, given):
        assert codes.looks_like_one(given)
        assert "".join(seen) == code
    if codes.looks_like_one(given):
        assert len(seen) == 6


@given(SEEDS, st.integers(0, 999_999))
def test_no_other_six_digits_are_taken(seed: str, number: int) -> None:
    other = f"{number:06d}"
    assume(other != code_of(seed))
    assert codes.looks_like_one(other)
    assert not codes.is_code(SEAL, seed, other)
