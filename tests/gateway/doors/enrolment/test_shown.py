"""People are shown so that they know themselves, and nobody else learns who they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.doors.enrolment.shown import masked_name, masked_username


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Nina Alvarez", "Nina A."), ("Nina", "Nina"), ("", ""), ("Léa de la Tour", "Léa T.")],
)
def test_names_are_shown_so_that_their_owner_knows_them(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@given(st.text(min_size=1, max_size=40))
def test_a_username_is_never_shown_whole(username: str) -> None:
    assert username not in masked_username(username) or len(username) == 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Alvarez, Nina", "Nina A."),
        ("Alvarez, Nina Maria", "Nina A."),
        ("Nina,", "Nina"),
        ("\u202eNina\u0000 Alvarez", "Nina A."),
        ("  ", ""),
    ],
)
def test_names_are_known_however_a_directory_writes_them(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@given(st.text(max_size=60))
def test_no_name_turns_round_what_stands_beside_it(name: str) -> None:
    for shown in (masked_name(name), masked_username(name)):
        assert not any(letter in shown for letter in "\u202a\u202b\u202d\u202e\u2066\u2067\n\r\x00")
