"""How a password is put on the wire, and that it shows nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ldap3 import MODIFY_REPLACE
from pydantic import SecretStr

from directory.active_directory.passwords import LONGEST, Changes, setting, unlocking
from directory.errors import PasswordRejected

TYPEABLE = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], max_codepoint=0xFFFF),
    min_size=1,
    max_size=LONGEST,
)


def sent(changes: Changes) -> dict[str, list[bytes | str]]:
    return {name: change[0][1] for name, change in changes.by_attribute.items()}


def test_everything_is_set_in_one_modify() -> None:
    changes = setting(SecretStr("Pass-1"), must_change=True, unlock=True)
    password = b'"\0P\0a\0s\0s\0-\x001\0"\0'
    assert sent(changes) == {"unicodePwd": [password], "pwdLastSet": ["0"], "lockoutTime": ["0"]}
    assert all(change[0][0] == MODIFY_REPLACE for change in changes.by_attribute.values())


def test_what_is_not_wanted_is_not_sent() -> None:
    assert set(sent(setting(SecretStr("x"), must_change=False, unlock=False))) == {"unicodePwd"}
    assert sent(unlocking()) == {"lockoutTime": ["0"]}


@given(TYPEABLE)
def test_a_password_is_sent_in_quotes_as_utf_16(password: str) -> None:
    (value,) = sent(setting(SecretStr(password), must_change=True, unlock=True))["unicodePwd"]
    assert isinstance(value, bytes)
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
