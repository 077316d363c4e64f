"""What may be decided for a tenant, an organization or a person, and how decisions combine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import Annotated, Any, Final, get_type_hints

from gateway.policy_choices import EnrolProof, LookUp, LookupFails
from gateway.policy_rules import FOR_AN_ORGANIZATION, FOR_MANY, Rule, Scope
from gateway.policy_values import (
    LONGEST,
    PolicyInvalid,
    countries,
    days,
    groups,
    one_of,
    spelled,
    switch,
    whole,
)

__all__ = [
    "RULES",
    "EnrolProof",
    "LookUp",
    "LookupFails",
    "Policy",
    "PolicyInvalid",
    "PolicyUnknown",
    "Rule",
    "Scope",
    "Setting",
    "read",
    "refuse_scope",
    "resolve",
    "rule_of",
    "written",
]


class PolicyUnknown(ValueError):
    """There is no policy of this name; the text names those that there are."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One value as somebody has set it."""

    scope: Scope
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for somebody. A tenant's `off` overrides whatever is set below it."""

    self_serve: Annotated[
        bool,
        Rule(
            switch,
            "people may help themselves by text at all",
            FOR_MANY,
            "`resetline people self-serve` switches it for a person",
        ),
    ] = True
    reset_by_sms: Annotated[bool, Rule(switch, "RESET sets a one-time password")] = True
    unlock_by_sms: Annotated[bool, Rule(switch, "UNLOCK unlocks")] = True
    confirm_by_word: Annotated[
        bool, Rule(switch, "RESET goes on only once the person texts back a word that we text")
    ] = True
    needs_approval: Annotated[
        bool, Rule(switch, "a second person has to agree, so nothing is changed by text")
    ] = False
    resets_per_day: Annotated[
        int,
        Rule(
            partial(whole, least=1, most=50, unit="resets"),
            "how many one-time passwords a person gets in a day",
        ),
    ] = 5
    must_change: Annotated[
        bool, Rule(switch, "a one-time password has to be changed at the next sign-in")
    ] = True
    unlock_on_reset: Annotated[bool, Rule(switch, "RESET unlocks the account as well")] = True
    one_time_minutes: Annotated[
        int,
        Rule(
            partial(whole, least=5, most=1440, unit="minutes"),
            "how long a one-time password works that has to be changed",
        ),
    ] = 30
    password_words: Annotated[
        int,
        Rule(
            partial(whole, least=3, most=8, unit="words"),
            "of how many words a one-time password is made; more than 4 may take two segments",
        ),
    ] = 3
    protected_groups: Annotated[
        tuple[str, ...],
        Rule(
            groups,
            "whose members are never touched, beside those of `directory set`",
            FOR_AN_ORGANIZATION,
        ),
    ] = ()
    notifications: Annotated[
        bool, Rule(switch, "people are told by mail what happened to their account")
    ] = True
    notify_msp: Annotated[
        bool, Rule(switch, "the alert contact is told by mail of every reset as well")
    ] = False
    email_required: Annotated[
        bool,
        Rule(
            switch, "who has no email cannot help themselves, as nobody could warn them", FOR_MANY
        ),
    ] = True
    enrol_proof: Annotated[
        EnrolProof,
        Rule(partial(one_of, kind=EnrolProof), "what is to be proved beside the number"),
    ] = EnrolProof.EMAIL
    link_hours: Annotated[
        int,
        Rule(
            partial(whole, least=1, most=168, unit="hours"),
            "how long an activation link works (NIST SP 800-63B-4 allows codes by email 24)",
        ),
    ] = 24
    reminder_days: Annotated[
        tuple[int, ...],
        Rule(days, "after how many days an invitation is repeated, or none"),
    ] = (2, 5, 10)
    countries: Annotated[
        tuple[str, ...],
        Rule(
            countries,
            "whose numbers may be enrolled; none for the organization's country only",
            FOR_MANY,
        ),
    ] = ()
    people_per_number: Annotated[
        int,
        Rule(
            partial(whole, least=1, most=20, unit="people"),
            "how many people of an organization may share a number",
            FOR_MANY,
        ),
    ] = 3
    codes_per_day: Annotated[
        int,
        Rule(
            partial(whole, least=0, most=100_000, unit="codes"),
            "how many activation codes an organization's people may be texted in a day",
            FOR_MANY,
        ),
    ] = 500
    changes_per_hour: Annotated[
        int,
        Rule(
            partial(whole, least=1, most=1_000_000, unit="changes"),
            "how many resets an organization's people get in an hour, and how many unlocks",
            FOR_MANY,
        ),
    ] = 500
    monthly_sms_budget: Annotated[
        int,
        Rule(
            partial(whole, least=0, most=1_000_000, unit="texts"),
            "how many answers an organization's people are texted in a month; 0 for any number",
            FOR_MANY,
        ),
    ] = 0
    unknown_sender_reply: Annotated[
        bool,
        Rule(
            switch,
            "who texts from a number that is nobody's is told once a day whom we help",
            (Scope.TENANT,),
            "it is about people whose organization nobody knows",
        ),
    ] = False
    hold_after_phone_change_hours: Annotated[
        int,
        Rule(
            partial(whole, least=0, most=720, unit="hours"),
            "how long RESET is held back after a change of number; 0 lets go at once",
        ),
    ] = 24
    lookup: Annotated[
        LookUp,
        Rule(partial(one_of, kind=LookUp), "what Twilio is asked about a phone before a reset"),
    ] = LookUp.OFF
    lookup_fails: Annotated[
        LookupFails,
        Rule(
            partial(one_of, kind=LookupFails),
            "whether there is no reset (closed) or one (open) where Twilio cannot tell",
        ),
    ] = LookupFails.CLOSED
    sim_swap_hours: Annotated[
        int,
        Rule(
            partial(whole, least=1, most=720, unit="hours"),
            "for how long there is no reset after a phone got another SIM",
        ),
    ] = 72
    sources: Mapping[str, Scope] = field(default_factory=dict)
    """Where each value comes from; what is not in it is the default."""
    overridden: frozenset[str] = frozenset()
    """What is set below the tenant in vain, as the tenant has turned it off."""

    def open_countries(self, own: str) -> tuple[str, ...]:
        """Whose numbers may be enrolled in an organization whose own country this is."""
        return self.countries or (own,)

    def shown(self, name: str) -> str:
        """A value as an operator would write it."""
        return spelled(getattr(self, name))


RULES: Final[Mapping[str, Rule]] = {
    name: rule
    for name, hint in get_type_hints(Policy, include_extras=True).items()
    for rule in getattr(hint, "__metadata__", ())
}
"""All policies by their names, in the order in which they are shown."""


def rule_of(name: str) -> Rule:
    """Raises PolicyUnknown, naming those that there are."""
    if name in RULES:
        return RULES[name]
    near = get_close_matches(name, RULES, n=3)
    hint = f" (did you mean {' or '.join(near)}?)" if near else ""
    raise PolicyUnknown(f"there is no policy {name!r}{hint}; there are {', '.join(RULES)}")


def read(name: str, text: str) -> Any:
    """The value that an operator wrote. Raises PolicyUnknown or PolicyInvalid."""
    given = "" if text.strip().lower() == "none" else text.strip()
    try:
        return rule_of(name).read(given)
    except PolicyInvalid as error:
        raise PolicyInvalid(f"{name} cannot be {text!r}: {error}") from None


def written(name: str, text: str) -> str:
    """The one spelling in which a value is kept. Raises PolicyUnknown or PolicyInvalid."""
    value = Policy(**{name: read(name, text)}).shown(name)
    if len(value) > LONGEST:
        raise PolicyInvalid(f"{name} takes {len(value)} characters: use at most {LONGEST}")
    return value


def refuse_scope(name: str, scope: Scope) -> None:
    """Raises PolicyInvalid where a policy makes no sense for this scope, saying what to do."""
    rule = rule_of(name)
    if scope not in rule.scopes:
        instead = f": {rule.instead}" if rule.instead else ""
        raise PolicyInvalid(
            f"{name} is set for {' or '.join(rule.scopes)}, not for {scope}{instead}"
        )


def resolve(settings: Iterable[Setting]) -> Policy:
    """Combine what was set, from the widest to the narrowest.

    What a newer version has set and this one does not know is passed over.
    """
    values: dict[str, Any] = {}
    sources: dict[str, Scope] = {}
    overridden: set[str] = set()
    for each in settings:
        if each.name not in RULES:
            continue
        if _is_overridden(values, sources, each.name):
            overridden.add(each.name)
            continue
        values[each.name] = read(each.name, each.value)
        sources[each.name] = each.scope
    return Policy(**values, sources=sources, overridden=frozenset(overridden))


def _is_overridden(values: Mapping[str, Any], sources: Mapping[str, Scope], name: str) -> bool:
    """What the tenant has turned off stays off, whatever is set below."""
    return sources.get(name) is Scope.TENANT and spelled(values[name]) == "off"
