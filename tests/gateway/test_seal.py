"""Sealing: old keys still open, lost keys say so, and an index tells nothing without a key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.seal import CannotUnseal, InvalidKey, Seal, new_key

OLD, NEW = SecretStr(new_key()), SecretStr(new_key())


@given(st.text(max_size=200))
def test_what_was_sealed_can_be_opened(text: str) -> None:
    seal = Seal([NEW])
    assert seal.unseal(seal.seal(SecretStr(text))).get_secret_value() == text


def test_an_old_key_still_opens_and_the_newest_seals() -> None:
    sealed = Seal([OLD]).seal(SecretStr("hush"))
    both = Seal([NEW, OLD])
    assert both.unseal(sealed).get_secret_value() == "hush"
    assert Seal([NEW]).unseal(both.seal(SecretStr("hush"))).get_secret_value() == "hush"


def test_a_lost_key_is_said() -> None:
    with pytest.raises(CannotUnseal, match="SECRET_KEYS"):
        Seal([NEW]).unseal(Seal([OLD]).seal(SecretStr("hush")))


def test_a_number_is_found_under_every_key() -> None:
    assert Seal([OLD]).index("+14155550111") in Seal([NEW, OLD]).indexes("+14155550111")
    assert Seal([OLD]).index("+14155550111") != Seal([NEW]).index("+14155550111")


@pytest.mark.parametrize("key", ["", "short", "é" * 44, "a" * 44 + "!"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(InvalidKey, match="keys new"):
        Seal([SecretStr(key)])
