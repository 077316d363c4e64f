"""`resetline people list`: how far everybody has come, and what stands in their way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import click
from sqlalchemy.orm import Session

from gateway.cli import choosing, output, storage
from gateway.cli.choosing import Filter, filtered
from gateway.phones import PhoneNumber
from gateway.records import Organization, Phone, proofs
from gateway.records.people import Suspension
from gateway.records.standing import Status, missing_of
from gateway.seal import Seal

WHY_SUSPENDED: Final = {
    Suspension.DISABLED: "disabled in the directory",
    Suspension.GONE: "gone from the directory",
    Suspension.OPERATOR: "suspended by an operator",
}


@click.command("list")
@click.argument("slug")
@choosing.filters
@click.option("--self-serve", type=click.Choice(["on", "off"]), help="Who may help themselves.")
@click.option("--awaiting-approval", is_flag=True, help="Whose number waits for `people approve`.")
@output.as_json
def list_(
    slug: str, *, self_serve: str | None, awaiting_approval: bool, as_json: bool, **options: Any
) -> None:
    """List the people of the organization SLUG, their phone numbers masked.

    They are imported, invited, registered (with a verified phone and an email) or active (have
    got help by text); or else suspended, frozen, or opted_out (have texted STOP).
    """
    which = Filter.of({**options, "wanted": self_serve and self_serve == "on"})
    empty = "There is nobody like that." if which or awaiting_approval else _nobody_yet(slug)
    with storage.open_storage() as (database, seal), database.reading() as session:
        organization = storage.find_organization(session, slug)

        def rows() -> Iterator[dict[str, Any]]:
            described = _described(session, seal, organization, which)
            if awaiting_approval:
                described = (each for each in described if each["awaits_approval"])
            return described if as_json else map(_flat, described)

        output.write_each(rows, as_json=as_json, empty=empty)


def _nobody_yet(slug: str) -> str:
    return f"No people yet: `resetline people import {slug} FILE.csv`."


def _described(
    session: Session, seal: Seal, organization: Organization, which: Filter
) -> Iterator[dict[str, Any]]:
    awaiting = proofs.awaiting_approval(session, organization.id)
    for person, status in filtered(session, organization, which):
        yield {
            "username": person.username,
            "display_name": person.display_name,
            "status": status.value,
            "self_serve": person.self_serve,
            "email": bool(person.email),
            "missing": [each.value for each in missing_of(person)],
            "phones": [_phone(seal, phone) for phone in person.phones],
            "awaits_approval": person.id in awaiting,
            "suspended_for": person.suspended_for,
            "mail_problem": person.mail_problem,
            **{name: _time(getattr(person, name)) for name in TIMES},
        }


TIMES: Final = ("suspended_at", "frozen_at", "invited_at", "used_at", "reset_held_until")


def _phone(seal: Seal, phone: Phone) -> dict[str, Any]:
    return {
        "number": PhoneNumber(seal.unseal(phone.sealed_number).get_secret_value()).masked,
        "verified": phone.verified_at is not None,
        "opted_out": phone.opted_out_at is not None,
    }


def _time(when: datetime | None) -> str | None:
    return when.isoformat(timespec="seconds") if when else None


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a table, where each fact of a phone has a column of its own."""
    whole = {name: row[name] for name in ("username", "display_name", "status", "self_serve")}
    phones = {
        fact: [phone[fact] for phone in row["phones"]]
        for fact in ("number", "verified", "opted_out")
    }
    return {**whole, **phones, "missing": row["missing"], "remark": list(_remarks(row))}


def _remarks(row: Mapping[str, Any]) -> Iterator[str]:
    if row["status"] == Status.SUSPENDED:
        yield WHY_SUSPENDED[Suspension(row["suspended_for"])]
    if row["frozen_at"]:
        yield f"frozen since {row['frozen_at'][:10]}"
    if row["awaits_approval"]:
        yield "waits for approval"
    if row["reset_held_until"] and row["reset_held_until"] > (_time(storage.now()) or ""):
        yield f"RESET waits until {row['reset_held_until'][:16].replace('T', ' ')} UTC"
    if row["mail_problem"]:
        yield f"mail failed: {row['mail_problem']}"
