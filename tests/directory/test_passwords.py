"""How a password is put on the wire, and that it shows nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from directory.active_directory.messages import replacement
from directory.active_directory.passwords import LONGEST, Changes, setting, unlocking
from directory.errors import PasswordRejected
from simulator.active_directory import wire
from simulator.active_directory.changes import REPLACE

TYPEABLE = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], max_codepoint=0xFFFF),
    min_size=1,
    max_size=LONGEST,
)


def sent(changes: Changes) -> dict[str, tuple[bytes, ...]]:
    """What a directory reads out of the one message."""
    modify = wire.read(replacement(1, "CN=Mia", changes.values)).request
    assert isinstance(modify, wire.ModifyRequest)
    assert all(change.operation == REPLACE for change in modify.changes)
    return {change.attribute: change.values for change in modify.changes}


def test_everything_is_set_in_one_modify() -> None:
    changes = setting(SecretStr("Pass-1"), must_change=True, unlock=True)
    password = b'"\0P\0a\0s\0s\0-\x001\0"\0'
    others = {"pwdLastSet": (b"0",), "lockoutTime": (b"0",)}
    assert sent(changes) == {"unicodePwd": (password,)} | others


def test_what_is_not_wanted_is_not_sent() -> None:
    assert set(sent(setting(SecretStr("x"), must_change=False, unlock=False))) == {"unicodePwd"}
    assert sent(unlocking()) == {"lockoutTime": (b"0",)}


@given(TYPEABLE)
def test_a_password_is_sent_in_quotes_as_utf_16(password: str) -> None:
    (value,) = sent(setting(SecretStr(password), must_change=True, unlock=True))["unicodePwd"]
    assert value.decode("utf-16-le") == f'"{password}"'


CONTROLS = ["a\x00b", "a\nb", "a\x7fb", "a\x85b", "a\ud83db", "a\u2028b"]


@pytest.mark.parametrize("password", [*CONTROLS, "", "x" * 128, "🔑" * 64, b"x", None])
def test_what_cannot_be_typed_is_not_sent(password: Any) -> None:
    with pytest.raises(PasswordRejected) as rejected:
        setting(SecretStr(password), must_change=True, unlock=True)
    assert not password or str(password) not in str(rejected.value)


@given(TYPEABLE.filter(lambda password: len(password) > 8))
def test_changes_print_names_only(password: str) -> None:
    changes = setting(SecretStr(password), must_change=True, unlock=True)
    assert repr(changes) == str(changes) == "Changes(unicodePwd, pwdLastSet, lockoutTime)"
