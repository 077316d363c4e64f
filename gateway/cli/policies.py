"""`resetline policy`: what is allowed to whom, and who has decided it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.orm import Session

from gateway.cli import output, storage
from gateway.cli.changes import cut
from gateway.cli.shell import WrongUsage
from gateway.policy import (
    RULES,
    Policy,
    PolicyInvalid,
    PolicyUnknown,
    Scope,
    refuse_scope,
    rule_of,
    written,
)
from gateway.records import Person
from gateway.records.audit import Event, record
from gateway.records.policies import Holder, own_values, policy_of, scope_of, set_value, take_back

for_tenant = click.option("--tenant", help="For all organizations of this tenant.")
for_person = click.option("--person", help="For this person of the organization alone.")


@click.group()
def policy() -> None:
    """What is allowed to whom, and who has decided it."""


@policy.command()
@click.argument("slug", required=False)
@for_tenant
@for_person
@output.as_json
def show(slug: str | None, tenant: str | None, person: str | None, *, as_json: bool) -> None:
    """Show what holds for the organization SLUG, and where each value comes from.

    A switch that the tenant has turned off stays off, whatever is set below it.
    """
    with storage.open_database() as database, database.reading() as session:
        holder = _holder(session, slug, tenant, person)
        found = policy_of(session, holder)
        rows = {name: _described(found, name) for name in RULES}
        if isinstance(holder, Person) and found.self_serve and not holder.self_serve:
            rows["self_serve"] |= {"value": "off", "from": Scope.PERSON.value}
    shown = [*rows.values()]
    output.write(shown if as_json else [_flat(row) for row in shown], as_json=as_json, empty="")


@policy.command("set")
@click.argument("words", nargs=-1, metavar="[SLUG] NAME=VALUE...")
@for_tenant
@for_person
def set_(words: Sequence[str], tenant: str | None, person: str | None) -> None:
    """Set policies of the organization SLUG, of a person of it, or of a whole tenant.

    All of the values are checked before any is set. `policy show` names the policies.
    """
    slug, pairs = _slug_first(words, tenant)
    with _said_plainly(), storage.open_database() as database, database.transaction() as session:
        wanted = _checked(pairs)
        holder = _holder(session, slug, tenant, person)
        for name in wanted:
            refuse_scope(name, scope_of(holder))
        names = _set(session, holder, wanted)
        holds = policy_of(session, holder)
    _tell(names)
    _tell_in_vain(holds, wanted)
    if "protected_groups" in names:
        click.echo(f"Try whether they are found: `resetline directory test {slug}`.")


@policy.command()
@click.argument("words", nargs=-1, metavar="[SLUG] NAME...")
@for_tenant
@for_person
def unset(words: Sequence[str], tenant: str | None, person: str | None) -> None:
    """Let what is set above hold again, or the default."""
    slug, names = _slug_first(words, tenant)
    with _said_plainly(), storage.open_database() as database, database.transaction() as session:
        for name in names:
            rule_of(name)
        holder = _holder(session, slug, tenant, person)
        own = own_values(session, holder)
        changed = [name for name in dict.fromkeys(names) if name in own]
        for name in changed:
            take_back(session, holder, name)
            _audit(session, holder, name, own[name], "unset")
    _tell(changed)


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except (PolicyUnknown, PolicyInvalid) as error:
        raise WrongUsage(str(error)) from None


def _slug_first(words: Sequence[str], tenant: str | None) -> tuple[str | None, Sequence[str]]:
    """The organization and the rest; with --tenant there is no organization to name."""
    slug, rest = (None, words) if tenant or not words else (words[0], words[1:])
    if slug and "=" in slug:
        raise WrongUsage(f"name the organization before {slug!r}, or a tenant with --tenant")
    if not rest:
        raise WrongUsage(f"name an organization and one or more policies, of {', '.join(RULES)}")
    return slug, rest


def _holder(session: Session, slug: str | None, tenant: str | None, person: str | None) -> Holder:
    if tenant and not slug and not person:
        return storage.find_tenant(session, tenant)
    if tenant or not slug:
        raise WrongUsage("name an organization (and with --person one of its people), or --tenant")
    organization = storage.find_organization(session, slug)
    return storage.find_person(session, organization, person) if person else organization


def _checked(pairs: Sequence[str]) -> dict[str, str]:
    """Each value in the spelling in which it is kept, by the name of its policy."""
    wanted: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        rule_of(name)
        if not equals:
            raise WrongUsage(f"say what {name} is to be: {name}=VALUE")
        if name in wanted:
            raise WrongUsage(f"{name} is given twice")
        wanted[name] = written(name, value)
    return wanted


def _set(session: Session, holder: Holder, wanted: Mapping[str, str]) -> list[str]:
    """Set what differs, with one event for each; returns the names of what was changed."""
    own = own_values(session, holder)
    changed = [name for name, value in wanted.items() if own.get(name) != value]
    for name in changed:
        set_value(session, holder, name, wanted[name], storage.now())
        _audit(session, holder, name, own.get(name, "unset"), wanted[name])
    return changed


def _audit(session: Session, holder: Holder, name: str, old: str, new: str) -> None:
    reason = cut(f"{scope_of(holder)} {name}: {old} -> {new}")
    record(session, Event.POLICY_SET, holder, storage.now(), reason=reason, mode="cli")


def _tell(names: Sequence[str]) -> None:
    click.echo(f"Changed {', '.join(names)}." if names else "Nothing to change: it is like that.")


def _tell_in_vain(holds: Policy, wanted: Mapping[str, str]) -> None:
    if vain := [name for name in wanted if name in holds.overridden]:
        click.echo(f"Note: the tenant has turned {', '.join(vain)} off, so it stays off.", err=True)


def _described(holds: Policy, name: str) -> dict[str, Any]:
    return {
        "policy": name,
        "value": holds.shown(name),
        "from": holds.sources[name].value if name in holds.sources else "default",
        "overrides_below": name in holds.overridden,
        "about": RULES[name].about,
    }


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a table: whose word it is, and whether it is the last one."""
    source = f"{row['from']}, whatever is set below" if row["overrides_below"] else row["from"]
    return {"policy": row["policy"], "value": row["value"], "from": source, "about": row["about"]}
