"""Distinguished names: what stands under what, whatever the spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.active_directory.names import is_distinguished, lies_under, parent

STAFF = "OU=Staff,DC=corp,DC=example"
VALUES = st.text(min_size=1, max_size=12).filter(lambda value: value.strip() == value)


def escaped(value: str) -> str:
    return "".join(
        f"\\{character}" if character in ',+"\\<>;=#' else character for character in value
    )


def in_hex(value: str) -> str:
    return "".join(f"\\{byte:02X}" for byte in value.encode())


@pytest.mark.parametrize(
    "dn",
    [
        "CN=Mia,OU=Staff,DC=corp,DC=example",
        "cn=mia,ou=STAFF,dc=Corp,dc=EXAMPLE",
        "CN=Mia , OU = Staff, DC=corp,DC=example",
        "CN=Keller\\, Mia,OU=Berlin,OU=Staff,DC=corp,DC=example",
        "CN=Mia,OU=St\\61ff,DC=corp,DC=example",
    ],
)
def test_what_stands_under_the_base_is_recognized(dn: str) -> None:
    assert lies_under(dn, STAFF)


@pytest.mark.parametrize(
    "dn",
    [
        STAFF,
        "CN=Mia,OU=Elsewhere,DC=corp,DC=example",
        "CN=x\\,OU=Staff,DC=corp,DC=example",
        "CN=x\\2COU=Staff,DC=corp,DC=example",
        "CN=Mia,OU=Staff,DC=corp,DC=example,DC=org",
        "CN=Mia,OU=NotStaff,DC=corp,DC=example",
        "DC=corp,DC=example",
        "",
    ],
)
def test_what_only_looks_like_it_is_not(dn: str) -> None:
    assert not lies_under(dn, STAFF)


def test_nothing_stands_under_an_empty_base() -> None:
    assert not lies_under("CN=Mia", "")


@given(VALUES)
def test_a_hostile_name_never_moves_an_object(value: str) -> None:
    for spelled in (escaped(value), in_hex(value)):
        assert lies_under(f"CN={spelled},{STAFF}", STAFF)
        assert not lies_under(f"CN={spelled},DC=corp,DC=example", STAFF)


@given(VALUES)
def test_both_spellings_of_a_name_are_the_same(value: str) -> None:
    assert lies_under(f"CN=x,OU={escaped(value)},DC=corp", f"ou={in_hex(value)},dc=corp")


@given(st.text())
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert isinstance(lies_under(text, STAFF), bool)
    assert isinstance(is_distinguished(text), bool)
    assert isinstance(parent(text), str)


def test_a_parent_is_the_name_without_its_first_part() -> None:
    assert parent("CN=NTDS Settings,CN=DC1,CN=Servers") == "CN=DC1,CN=Servers"
    assert parent("CN=a\\,b,CN=DC1") == "CN=DC1"
    assert parent("CN=alone") == ""


@pytest.mark.parametrize("text", ["", "Staff", "OU=", "=Staff", "OU=Staff,corp", "OU=Staff;drop"])
def test_what_is_no_distinguished_name_is_told(text: str) -> None:
    assert is_distinguished(text) is (text == "OU=Staff;drop")
