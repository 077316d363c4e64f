"""`resetline organization`: the customers of a tenant, whose people are helped."""

from __future__ import annotations

from typing import Final
from zoneinfo import available_timezones

import click
import phonenumbers
from sqlalchemy import func, select

from gateway.cli import changes, looks, output, storage
from gateway.cli.languages import what_is_missing
from gateway.cli.shell import Failed, WrongUsage, not_among
from gateway.people_import import is_language
from gateway.records import DirectoryRecord, Organization, Person, Tenant
from gateway.records.audit import Event, record
from gateway.records.organizations import organization_by_slug
from gateway.wording import FALLBACK_LANGUAGE

ALERT_EMAIL = "Told by mail when somebody was left without help. Else the tenant's."


@click.group()
def organization() -> None:
    """Organizations, whose people are helped."""


@organization.command()
@click.argument("slug")
@click.option("--tenant", "tenant_slug", required=True, help="The slug of the tenant it is of.")
@click.option("--name", required=True, help="Stands in every text: up to 30 characters.")
@click.option("--country", default="US", show_default=True, help="Reads national phone numbers.")
@click.option("--language", default=FALLBACK_LANGUAGE, show_default=True, help="Of its texts.")
@click.option("--time-zone", default="UTC", show_default=True, help="Such as America/New_York.")
@click.option("--alert-email", help=ALERT_EMAIL)
@looks.options("Else the tenant's.")
def add(slug: str, tenant_slug: str, country: str, **options: str | None) -> None:
    """Add an organization, to be called SLUG in commands."""
    slug, country = storage.checked_slug(slug), _checked_country(country)
    wanted = changes.checked(options, CHECKS)
    with storage.open_database() as database, database.transaction() as session:
        if organization_by_slug(session, slug):
            raise Failed(f"there is an organization {slug!r} already: choose another slug")
        now, tenant = storage.now(), storage.find_tenant(session, tenant_slug)
        described = looks.kept(session, wanted)
        added = Organization(slug=slug, country=country, created_at=now, **described)
        added.tenant = tenant
        session.add(added)
        session.flush()
        record(session, Event.ORGANIZATION_ADDED, added, now, mode="cli")
    click.echo(f"Added the organization {slug}.")


@organization.command("set")
@click.argument("slug")
@click.option("--name", help="Stands in every text: up to 30 characters.")
@click.option("--language", help="Of its texts.")
@click.option("--time-zone", help="Such as America/New_York.")
@click.option("--alert-email", help=ALERT_EMAIL + ' "" goes back to the tenant\'s.')
@looks.options('"" goes back to the tenant\'s.')
def set_(slug: str, **options: str | None) -> None:
    """Change what the organization SLUG is set up with; what is not given stays as it is."""
    wanted = changes.checked(options, CHECKS)
    with storage.open_database() as database, database.transaction() as session:
        found = storage.find_organization(session, slug)
        described = looks.kept(session, wanted)
        names = changes.change(session, found, Event.ORGANIZATION_CHANGED, described)
        looks.forget_unused_logos(session)
    click.echo(changes.told(slug, names))


@organization.command("list")
@output.as_json
def list_(*, as_json: bool) -> None:
    """List all organizations."""
    people = select(func.count()).where(Person.organization_id == Organization.id)
    with storage.open_database() as database, database.transaction() as session:
        rows = session.execute(
            select(
                Organization.slug,
                Tenant.slug.label("tenant"),
                Organization.name,
                Organization.country,
                Organization.language,
                Organization.support,
                Organization.time_zone,
                Organization.alert_email,
                Organization.color,
                Organization.logo_id.is_not(None).label("logo"),
                Organization.terms_url,
                Organization.privacy_url,
                DirectoryRecord.kind.label("directory"),
                people.scalar_subquery().label("people"),
            )
            .join(Tenant)
            .outerjoin(DirectoryRecord)
            .order_by(Organization.slug)
        ).mappings()
        found = [dict(row) for row in rows]
    empty = "No organizations yet: `resetline organization add SLUG --tenant … --name …`."
    output.write(found, as_json=as_json, empty=empty)


def _checked_name(name: str) -> str:
    name = looks.fitting("organization", "--name", name)
    if not name:
        raise WrongUsage(
            "--name is empty: it stands in every text, so that people know whose it is"
        )
    return name


def _checked_country(country: str) -> str:
    code = country.upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise WrongUsage(
            f"--country {country!r} is no country: give two letters such as US, GB or DE"
        )
    return code


def _checked_language(language: str) -> str:
    """Any language will do: what is not written in it yet is said in English."""
    if not is_language(language):
        raise WrongUsage(f"--language {language!r} is no code of a language, such as en or pt-BR")
    if missing := what_is_missing(language):
        click.echo(f"Note: {missing}.", err=True)
    return language


def _checked_zone(name: str) -> str:
    zones = available_timezones()
    if name not in zones:
        raise WrongUsage(not_among("time zone", name, zones))
    return name


CHECKS: Final[dict[str, changes.Check]] = {
    "name": _checked_name,
    "language": _checked_language,
    **looks.CHECKS,
    "time_zone": _checked_zone,
    "alert_email": changes.checked_alert_email,
}
