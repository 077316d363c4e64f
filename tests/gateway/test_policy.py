"""Policies: how values are read, and who has the last word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passphrases import LEAST_WORDS, MOST_WORDS
from gateway.policy import (
    RULES,
    EnrolProof,
    LookUp,
    LookupFails,
    Policy,
    PolicyInvalid,
    PolicyUnknown,
    Scope,
    Setting,
    read,
    refuse_scope,
    resolve,
    written,
)

TENANT, ORGANIZATION, PERSON = Scope
VIPS = "CN=VIPs,OU=Groups,DC=corp,DC=example"
ODD = r"CN=Smith\, Ann\; and others,DC=corp"


def named(*settings: tuple[Scope, str, str]) -> Policy:
    return resolve(Setting(*each) for each in settings)


@pytest.mark.parametrize("name", RULES)
def test_every_default_is_kept_as_it_is_written(name: str) -> None:
    default = Policy()
    assert written(name, default.shown(name)) == default.shown(name)
    assert read(name, default.shown(name)) == getattr(default, name)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("self_serve", "ON", True),
        ("self_serve", " no ", False),
        ("one_time_minutes", "45", 45),
        ("enrol_proof", "Operator", EnrolProof.OPERATOR),
        ("lookup", "Sim_Swap", LookUp.SIM_SWAP),
        ("lookup", "OFF", LookUp.OFF),
        ("lookup_fails", "Open", LookupFails.OPEN),
        ("sim_swap_hours", "168", 168),
        ("countries", "us, ca gb us", ("US", "CA", "GB")),
        ("countries", "none", ()),
        ("reminder_days", "1 3,7", (1, 3, 7)),
        ("reminder_days", "none", ()),
        ("protected_groups", f" {VIPS} ; {ODD};", (VIPS, ODD)),
        ("protected_groups", "none", ()),
    ],
)
def test_a_value_is_read_as_operators_write_it(name: str, text: str, value: object) -> None:
    assert read(name, text) == value
    assert read(name, written(name, text)) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("self_serve", "maybe", "self_serve cannot be 'maybe': use on or off"),
        ("one_time_minutes", "4", "use a whole number of minutes from 5 to 1440"),
        ("one_time_minutes", "1_0", "use a whole number of minutes"),
        ("one_time_minutes", "٣٠", "use a whole number of minutes"),
        ("one_time_minutes", "9" * 9_999, "use a whole number of minutes"),
        ("password_words", "none", "use a whole number of words from 3 to 8"),
        ("enrol_proof", "sms", "use email or directory_password or operator"),
        ("lookup", "on", "use off or line_type or sim_swap or both"),
        ("lookup_fails", "off", "use closed or open"),
        ("sim_swap_hours", "0", "use a whole number of hours from 1 to 720"),
        ("countries", "US,XX", "XX is no country"),
        ("reminder_days", "5,2", "rising numbers of days"),
        ("reminder_days", "1,2,3,4,5,6", "use up to 5"),
        ("protected_groups", "VIPs", "use distinguished names with ; between them"),
        ("protected_groups", f"{VIPS};\x1b[2J=x", "use distinguished names"),
        ("protected_groups", ";".join(f"CN={at:050}" for at in range(9)), "use at most 400"),
    ],
)
def test_a_bad_value_names_the_valid_ones(name: str, text: str, said: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        written(name, text)
    assert said in str(refused.value)


def test_an_unknown_name_names_the_nearest_and_all() -> None:
    with pytest.raises(PolicyUnknown) as unknown:
        read("reset_sms", "on")
    assert "did you mean reset_by_sms" in str(unknown.value)
    assert all(name in str(unknown.value) for name in RULES)


def test_as_many_words_can_be_asked_for_as_a_password_can_be_made_of() -> None:
    assert read("password_words", str(LEAST_WORDS)) == LEAST_WORDS
    assert read("password_words", str(MOST_WORDS)) == MOST_WORDS


@pytest.mark.parametrize(
    ("settings", "value", "source"),
    [
        ((), True, None),
        (((TENANT, "reset_by_sms", "off"),), False, TENANT),
        (((ORGANIZATION, "reset_by_sms", "off"),), False, ORGANIZATION),
        (((ORGANIZATION, "reset_by_sms", "off"), (PERSON, "reset_by_sms", "on")), True, PERSON),
        (((TENANT, "reset_by_sms", "on"), (ORGANIZATION, "reset_by_sms", "off")), False, "below"),
    ],
)
def test_who_is_nearer_to_a_person_decides(
    settings: tuple[tuple[Scope, str, str], ...], value: bool, source: Scope | str | None
) -> None:
    found = named(*settings)
    assert found.reset_by_sms is value
    expected = ORGANIZATION if source == "below" else source
    assert found.sources.get("reset_by_sms") == expected
    assert found.overridden == frozenset()


def test_a_tenants_off_overrides_everything_below_it() -> None:
    found = named(
        (TENANT, "self_serve", "off"),
        (ORGANIZATION, "self_serve", "on"),
        (PERSON, "self_serve", "on"),
    )
    assert (found.self_serve, found.sources["self_serve"]) == (False, TENANT)
    assert found.overridden == {"self_serve"}


def test_a_tenants_off_overrides_whatever_it_turns_off() -> None:
    """A look-up is not a switch, but who pays for it can say that there is none."""
    found = named((TENANT, "lookup", "off"), (ORGANIZATION, "lookup", "both"))
    assert (found.lookup, found.overridden) == (LookUp.OFF, frozenset({"lookup"}))
    found = named((TENANT, "lookup", "both"), (ORGANIZATION, "lookup", "off"))
    assert (found.lookup, found.overridden) == (LookUp.OFF, frozenset())


def test_a_tenants_number_does_not_bind_those_below() -> None:
    found = named((TENANT, "one_time_minutes", "10"), (ORGANIZATION, "one_time_minutes", "60"))
    assert found.one_time_minutes == 60


def test_what_a_newer_version_has_set_is_passed_over() -> None:
    assert named((TENANT, "reset_by_dance", "on")) == Policy()


@pytest.mark.parametrize(
    ("name", "scope", "said"),
    [
        ("countries", PERSON, "countries is set for tenant or organization, not for person"),
        ("self_serve", PERSON, "`resetline people self-serve` switches it for a person"),
        ("protected_groups", TENANT, "protected_groups is set for organization, not for tenant"),
        ("protected_groups", PERSON, "not for person"),
        ("email_required", PERSON, "not for person"),
    ],
)
def test_what_makes_no_sense_for_somebody_cannot_be_set_for_them(
    name: str, scope: Scope, said: str
) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        refuse_scope(name, scope)
    assert said in str(refused.value)


@pytest.mark.parametrize("name", sorted(RULES.keys() - {"unknown_sender_reply"}))
def test_everything_about_people_can_be_set_for_an_organization(name: str) -> None:
    refuse_scope(name, ORGANIZATION)


def test_what_strangers_are_told_is_the_tenants_to_say() -> None:
    refuse_scope("unknown_sender_reply", TENANT)
    with pytest.raises(PolicyInvalid, match="is set for tenant, not for organization"):
        refuse_scope("unknown_sender_reply", ORGANIZATION)


@given(st.sampled_from(sorted(RULES)), st.text())
def test_whatever_is_written_is_read_or_refused_with_a_sentence(name: str, text: str) -> None:
    try:
        kept = written(name, text)
    except PolicyInvalid as error:
        assert name in str(error)  # noqa: PT017
    else:
        assert written(name, kept) == kept
        assert len(kept) <= 400
