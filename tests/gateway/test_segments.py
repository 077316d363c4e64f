"""How texts are measured, and how they become GSM-7."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.segments import GSM_7_BASIC, GSM_7_EXTENDED, Encoding, Segments, count, to_gsm7

GSM_7 = "".join(sorted(GSM_7_BASIC | GSM_7_EXTENDED))


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("a" * 152 + "€" + "a" * 7, "GSM-7", 161, 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # the pair is moved to the second part
        ("`", "UCS-2", 1, 1),
        ("ê" * 70, "UCS-2", 70, 1),
        ("ê" * 71, "UCS-2", 71, 2),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
        ("😀" * 66, "UCS-2", 132, 2),
        ("😀" * 67, "UCS-2", 134, 3),  # 67 code units hold 33 emoji, not 33 and a half
    ],
)
def test_a_text_takes_what_carriers_count(text: str, encoding: str, units: int, parts: int) -> None:
    assert count(text) == Segments(Encoding(encoding), units, parts)


def test_of_all_ascii_letters_only_the_backtick_costs_the_encoding() -> None:
    assert {c for c in string.printable if count(c).encoding is Encoding.UCS_2} == {"`", "\t", "\v"}


@given(st.text(st.sampled_from(GSM_7), max_size=400), st.sampled_from(GSM_7))
def test_a_longer_text_never_takes_fewer_parts(text: str, more: str) -> None:
    assert count(text).parts <= count(text + more).parts <= count(text).parts + 1


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Zoë\u2019s “Café” \u2013 Łódź", 'Zoe\'s "Café" - Lodz'),
        ("Müller & Søn Åre ÆØ", "Müller & Søn Åre ÆØ"),
        ("e\u0301", "é"),
        ("½ … ™ œuvre naïve", "1/2 ... TM oeuvre naive"),
        ("a\tb\u00a0c\u200bd\u00ade", "a b cde"),
        ("it`s", "it's"),
        ("日本", "??"),
        ("Ок", "??"),
    ],
)
def test_a_text_becomes_the_nearest_gsm7(text: str, plain: str) -> None:
    assert to_gsm7(text) == plain


@given(st.text())
def test_every_text_becomes_gsm7_and_stays_as_it_then_is(text: str) -> None:
    plain = to_gsm7(text)
    assert count(plain).encoding is Encoding.GSM_7
    assert to_gsm7(plain) == plain


@given(st.text(st.sampled_from(GSM_7)))
def test_a_text_that_is_gsm7_is_left_alone(text: str) -> None:
    assert to_gsm7(text) == text


@given(st.text(st.characters(codec="latin-1", categories=("Lu", "Ll"), exclude_characters="µ")))
def test_no_letter_of_western_europe_is_lost(text: str) -> None:
    assert "?" not in to_gsm7(text)
