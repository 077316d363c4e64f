"""Who is never touched, attribute by attribute; and that not knowing is no permission."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from directory.active_directory.eligibility import Circumstances, is_privileged, refusal
from directory.active_directory.entries import Entry
from directory.errors import Refusal, RightMissing, UnexpectedAnswer

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BASE = "OU=Staff,DC=corp,DC=example"
ONE_SECOND_AGO = b"134397791990000000"
IN_ONE_SECOND = b"134397792010000000"


def sid(*parts: int) -> bytes:
    header = bytes([1, len(parts), 0, 0, 0, 0, 0, 5])
    return header + b"".join(part.to_bytes(4, "little") for part in parts)


def in_domain(rid: int) -> bytes:
    return sid(21, 1, 2, 3, rid)


OURS = in_domain(7001)


def account(**changes: list[bytes] | None) -> Entry:
    values: dict[str, list[bytes] | None] = {
        "samaccounttype": [b"805306368"],
        "useraccountcontrol": [b"512"],
        "objectsid": [in_domain(1105)],
        "tokengroups": [in_domain(513), sid(32, 545)],
    }
    values |= changes
    return Entry(f"CN=Mia,{BASE}", {name: value for name, value in values.items() if value})


def judged(entry: Entry) -> Refusal | None:
    return refusal(entry, Circumstances(BASE, frozenset({OURS}), NOW))


def test_an_ordinary_account_is_not_refused() -> None:
    assert judged(account()) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"samaccounttype": [b"805306369"]}, Refusal.NOT_A_PERSON),
        ({"samaccounttype": [b"805306370"]}, Refusal.NOT_A_PERSON),
        ({"samaccounttype": None}, Refusal.NOT_A_PERSON),
        ({"admincount": [b"1"]}, Refusal.PROTECTED),
        ({"objectsid": [in_domain(500)]}, Refusal.PROTECTED),
        ({"objectsid": [in_domain(502)]}, Refusal.PROTECTED),
        ({"tokengroups": [in_domain(513), OURS]}, Refusal.PROTECTED),
        ({"useraccountcontrol": [b"514"]}, Refusal.DISABLED),
        ({"useraccountcontrol": [b"262656"]}, Refusal.SMART_CARD_ONLY),
        ({"useraccountcontrol": [b"544"]}, Refusal.PASSWORD_NOT_REQUIRED),
        ({"accountexpires": [ONE_SECOND_AGO]}, Refusal.EXPIRED),
        ({"accountexpires": [b"1"]}, Refusal.EXPIRED),
        ({"accountexpires": [IN_ONE_SECOND]}, None),
        ({"accountexpires": [b"0"]}, None),
        ({"accountexpires": [b"9223372036854775807"]}, None),
        ({"admincount": [b"0"]}, None),
        ({"objectsid": [in_domain(1500)]}, None),
    ],
)
def test_each_reason_stands_alone(
    changes: dict[str, list[bytes] | None], reason: Refusal | None
) -> None:
    assert judged(account(**changes)) is reason


def test_the_gravest_reason_is_told_first() -> None:
    assert judged(account(admincount=[b"1"], useraccountcontrol=[b"514"])) is Refusal.PROTECTED


@pytest.mark.parametrize("attribute", ["tokengroups", "objectsid", "useraccountcontrol"])
def test_what_may_not_be_read_is_never_taken_for_harmless(attribute: str) -> None:
    with pytest.raises(RightMissing):
        judged(account(**{attribute: None}))


def test_a_number_that_is_none_is_an_unexpected_answer() -> None:
    with pytest.raises(UnexpectedAnswer):
        judged(account(useraccountcontrol=[b"many"]))


@pytest.mark.parametrize("rid", [544, 548, 549, 550, 551, 552])
def test_a_privileged_built_in_group_is_known(rid: int) -> None:
    assert is_privileged(sid(32, rid))
    assert not is_privileged(in_domain(rid))


@pytest.mark.parametrize("rid", [512, 516, 518, 519, 520, 521, 526, 527])
def test_a_privileged_group_of_any_domain_of_the_forest_is_known(rid: int) -> None:
    assert is_privileged(in_domain(rid))
    assert is_privileged(sid(21, 9, 9, 9, rid))
    assert not is_privileged(sid(32, rid))


@pytest.mark.parametrize("group", [in_domain(513), in_domain(1512), sid(32, 545), sid(18), b""])
def test_any_other_group_is_not_privileged(group: bytes) -> None:
    assert not is_privileged(group)
