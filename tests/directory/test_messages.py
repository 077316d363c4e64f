"""Our searches and changes are to the byte what ldap3 would have sent, only made in less time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from ldap3 import BASE as LDAP3_BASE
from ldap3 import DEREF_NEVER, MODIFY_REPLACE
from ldap3 import SUBTREE as LDAP3_SUBTREE
from ldap3.operation.modify import modify_operation
from ldap3.operation.search import search_operation
from ldap3.protocol.convert import build_controls_list
from ldap3.protocol.rfc2696 import paged_search_control
from ldap3.protocol.rfc4511 import LDAPMessage, MessageID, ProtocolOp
from ldap3.utils.conv import escape_bytes, escape_filter_chars
from pyasn1.codec.ber import encoder
from pyasn1.codec.der import encoder as strict_encoder

from directory.active_directory.messages import (
    BASE,
    BIT_AND,
    IN_CHAIN,
    SUBTREE,
    Filter,
    all_of,
    any_of,
    equal,
    in_pages,
    matching,
    none_of,
    present,
    question,
    replacement,
)
from directory.active_directory.reading import FOR_AN_ACCOUNT
from simulator.active_directory import controls, filters, wire

SOMEBODY = "<GUID=629052ec-bd5d-400f-b10b-a4de2f94ab46>"
TEXTS = some.text(some.characters(codec="utf-8"), max_size=200)


def of_ldap3(number: int, base: str, scope: str, where: str, names: Any, at_most: int) -> bytes:
    request = search_operation(
        base, where, scope, DEREF_NEVER, list(names), at_most, 0, False, None, None
    )
    return encoded(number, "searchRequest", request)


def encoded(number: int, kind: str, request: Any) -> bytes:
    message = LDAPMessage()
    message["messageID"] = MessageID(number)
    message["protocolOp"] = ProtocolOp().setComponentByName(kind, request)
    return bytes(encoder.encode(message))


@pytest.mark.parametrize("number", [1, 127, 128, 255, 256, 2**31 - 1])
@pytest.mark.parametrize("at_most", [0, 2, 128, 1000])
def test_one_object(number: int, at_most: int) -> None:
    ours = question(number, SOMEBODY, BASE, present("objectClass"), FOR_AN_ACCOUNT, at_most)
    where = "(objectClass=*)"
    assert ours == of_ldap3(number, SOMEBODY, LDAP3_BASE, where, FOR_AN_ACCOUNT, at_most)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (equal("sAMAccountName", "mia"), "(sAMAccountName=mia)"),
        (all_of(equal("a", "1"), present("b")), "(&(a=1)(b=*))"),
        (any_of(equal("a", "1"), equal("b", "2")), "(|(a=1)(b=2))"),
        (none_of(equal("a", "1")), "(!(a=1))"),
        (matching("memberOf", IN_CHAIN, "CN=a,DC=b"), f"(memberOf:{IN_CHAIN}:=CN=a,DC=b)"),
        (matching("groupType", BIT_AND, "2147483648"), f"(groupType:{BIT_AND}:=2147483648)"),
        (equal("objectGUID", bytes(range(16))), rf"(objectGUID={escape_bytes(bytes(range(16)))})"),
        (all_of(equal("a", "x" * 300), none_of(present("b"))), f"(&(a={'x' * 300})(!(b=*)))"),
    ],
)
def test_filters(ours: Filter, theirs: str) -> None:
    base = "DC=corp,DC=example"
    expected = of_ldap3(7, base, LDAP3_SUBTREE, theirs, ["objectGUID"], 2)
    assert question(7, base, SUBTREE, ours, ["objectGUID"], 2) == expected


@pytest.mark.parametrize("cookie", [b"", b"\x00\xff" * 200])
@pytest.mark.parametrize("size", [1, 127, 128, 500])
def test_pages(size: int, cookie: bytes) -> None:
    """RFC 4511 wants TRUE as FF, which ldap3 does not send."""
    control = paged_search_control(criticality=True, size=size, cookie=cookie)
    built: Any = build_controls_list([control])
    theirs = bytes(strict_encoder.encode(built[0]))
    assert in_pages(size, cookie) == theirs
    asked = wire.read(question(5, "", SUBTREE, present("cn"), ["cn"], 0, in_pages(size, cookie)))
    assert controls.page(asked.controls[0]) == controls.Page(size, cookie)
    assert asked.controls[0].critical


@given(value=TEXTS.map(str.strip).filter(bool))
def test_a_value_arrives_as_it_is_whatever_it_looks_like(value: str) -> None:
    """Spaces around it ldap3 would have taken away."""
    ours = question(1, SOMEBODY, SUBTREE, equal("description", value), ["cn"], 0)
    theirs = f"(description={escape_filter_chars(value)})"
    assert ours == of_ldap3(1, SOMEBODY, LDAP3_SUBTREE, theirs, ["cn"], 0)


@given(base=TEXTS, value=TEXTS, names=some.lists(TEXTS, max_size=20), at_most=some.integers(0, 999))
def test_everything_is_read_back_as_it_was_asked(
    base: str, value: str, names: list[str], at_most: int
) -> None:
    asked = wire.read(question(5, base, SUBTREE, equal("mail", value), names, at_most)).request
    assert isinstance(asked, wire.SearchRequest)
    assert (asked.base, asked.attributes, asked.size_limit) == (base, tuple(names), at_most)
    assert asked.filter == filters.Equal("mail", value.casefold())


@given(
    number=some.integers(1, 2**31 - 1),
    values=some.dictionaries(some.sampled_from(FOR_AN_ACCOUNT), some.binary(max_size=300)),
)
def test_a_change_replaces_each_value(number: int, values: dict[str, bytes]) -> None:
    changes = {name: [(MODIFY_REPLACE, [value])] for name, value in values.items()}
    theirs = encoded(number, "modifyRequest", modify_operation(SOMEBODY, changes, False, None))
    assert replacement(number, SOMEBODY, values) == theirs
