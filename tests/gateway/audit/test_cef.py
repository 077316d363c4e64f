"""Audited events as CEF: read back by a small reader of its own, whatever is in them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib.metadata import version

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.cli.cef import cef_line
from gateway.records import AuditEvent
from gateway.records.audit import Event

HEADERS = re.compile(r"((?:[^|\\]|\\.)*)\|" * 7)
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def an_event(event: str = Event.RESET_SUCCEEDED, reason: str = "") -> AuditEvent:
    return AuditEvent(
        id=7, at=AT, event=event, mode="sms", tenant_id=1, organization_id=2, person_id=3,
        request_id=4, reason=reason, position=6, chain="ab" * 32, chain_key="k",
    )  # fmt: skip


def read(line: str) -> tuple[list[str], dict[str, str]]:
    """As the format's description says: seven headers before bars, then `key=value` pairs."""
    found = HEADERS.match(line)
    assert found
    headers = [re.sub(r"\\(.)", r"\1", each) for each in found.groups()]
    pairs = re.split(r"(?:^| )(\w+)=", line[found.end() :])[1:]
    values = [re.sub(r"\\(.)", unescaped, value) for value in pairs[1::2]]
    return headers, dict(zip(pairs[::2], values, strict=True))


def unescaped(found: re.Match[str]) -> str:
    return {"n": "\n", "r": "\r"}.get(found[1], found[1])


def test_a_reset_has_its_customary_name() -> None:
    assert cef_line(an_event()) == (
        f"CEF:0|Resetline|Resetline|{version('resetline')}|E_PWDRESET_SUCCEEDED|"
        "Password reset succeeded|3|rt=1772452800000 externalId=7 act=password:reset:succeeded "
        "outcome=success duid=3 cn1=6 cn1Label=position cn2=2 cn2Label=organizationId cn3=4 "
        f"cn3Label=requestId cs1=sms cs1Label=mode cs2={'ab' * 32} cs2Label=chain "
        "cs3=1 cs3Label=tenantId"
    )


@pytest.mark.parametrize(
    ("event", "name", "outcome", "severity"),
    [
        (Event.RESET_FAILED, "E_PWDRESET_FAILED", "failure", "6"),
        (Event.RESET_REFUSED, "E_PWDRESET_FAILED", "failure", "6"),
        (Event.RESET_UNCERTAIN, "E_PASSWORD_RESET_UNCERTAIN", "unknown", "8"),
        (Event.RESET_UNTOLD, "E_PASSWORD_RESET_UNTOLD", "failure", "8"),
        (Event.UNLOCK_SUCCEEDED, "E_ACCOUNT_UNLOCK_SUCCEEDED", "success", "3"),
        (Event.SELF_SERVE_ON, "E_PERSON_SELF_SERVE_ON", "success", "3"),
    ],
)
def test_each_event_says_how_it_ended(event: str, name: str, outcome: str, severity: str) -> None:
    headers, told = read(cef_line(an_event(event, "account_disabled")))
    assert (headers[4], told["outcome"], headers[6]) == (name, outcome, severity)
    assert (told["reason"], told["act"]) == ("account_disabled", event)


def test_every_event_has_a_name_of_its_kind() -> None:
    names = [read(cef_line(an_event(event)))[0][4] for event in Event]
    assert all(re.fullmatch(r"E_[A-Z_]+", name) for name in names)
    assert len(set(names)) == len(Event) - 1, "a refused reset is a failed one there"


@given(
    st.text(
        st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"])
        | st.sampled_from("|=\\\r\n")
    )
)
@example("x act=forged")
@example("\\")
@example("one\ntwo\\n")
def test_whatever_stands_in_a_reason_arrives_as_it_was(reason: str) -> None:
    line = cef_line(an_event(reason=reason))
    assert "\n" not in line
    assert "\r" not in line
    assert read(line)[1].get("reason", "") == reason


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_nothing_in_an_event_breaks_out_of_its_header(event: str) -> None:
    headers, told = read(cef_line(an_event(event=event)))
    assert headers[:3] == ["CEF:0", "Resetline", "Resetline"]
    assert headers[6] in {"3", "6", "8"}
    assert told["externalId"] == "7"
