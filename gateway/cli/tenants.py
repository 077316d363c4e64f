"""`resetline tenant`: the managed service providers, or their branches, that run this."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import click
from sqlalchemy import func, select

from gateway.cli import changes, output, storage
from gateway.cli.shell import Failed, WrongUsage
from gateway.records import Organization, Tenant
from gateway.records.audit import Event, record
from gateway.records.tenants import tenant_by_slug

LONGEST_NAME = 100
ALERT_EMAIL = "Told by mail when somebody was left without help."


@click.group()
def tenant() -> None:
    """Tenants: those who run this for organizations."""


@tenant.command()
@click.argument("name")
@click.option("--slug", help="Its short name in commands. Made from NAME if left out.")
@click.option("--alert-email", help=ALERT_EMAIL)
def add(name: str, slug: str | None, alert_email: str | None) -> None:
    """Add a tenant called NAME."""
    name = _checked_name(name)
    alert_email = changes.checked_alert_email(alert_email)
    slug = storage.checked_slug(slug if slug is not None else _slug_of(name))
    with storage.open_database() as database, database.transaction() as session:
        if tenant_by_slug(session, slug):
            raise Failed(f"there is a tenant {slug!r} already: choose another with --slug")
        now = storage.now()
        added = Tenant(slug=slug, name=name, alert_email=alert_email, created_at=now)
        session.add(added)
        session.flush()
        record(session, Event.TENANT_ADDED, added, now, mode="cli")
    click.echo(f"Added the tenant {slug}.")


@tenant.command("set")
@click.argument("slug")
@click.option("--name", help="What it is called.")
@click.option("--alert-email", help=ALERT_EMAIL + ' "" takes it away.')
def set_(slug: str, **options: str | None) -> None:
    """Change what the tenant SLUG is set up with; what is not given stays as it is."""
    wanted = changes.checked(options, CHECKS)
    with storage.open_database() as database, database.transaction() as session:
        found = storage.find_tenant(session, slug)
        names = changes.change(session, found, Event.TENANT_CHANGED, wanted)
    click.echo(changes.told(slug, names))


@tenant.command("list")
@output.as_json
def list_(*, as_json: bool) -> None:
    """List all tenants."""
    organizations = func.count(Organization.id).label("organizations")
    with storage.open_database() as database, database.transaction() as session:
        rows = session.execute(
            select(Tenant.slug, Tenant.name, Tenant.alert_email, organizations)
            .outerjoin(Organization)
            .group_by(Tenant.id)
            .order_by(Tenant.slug)
        ).mappings()
        found = [dict(row) for row in rows]
    output.write(found, as_json=as_json, empty="No tenants yet: `resetline tenant add NAME`.")


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise WrongUsage(f"a tenant's name takes 1 to {LONGEST_NAME} printable characters")
    return name


CHECKS: Final[dict[str, changes.Check]] = {
    "name": _checked_name,
    "alert_email": changes.checked_alert_email,
}


def _slug_of(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = "-".join(re.findall(r"[a-z0-9]+", ascii_name.lower()))[: storage.LONGEST_SLUG]
    if not slug:
        raise WrongUsage(f"no slug can be made from {name!r}: give one with --slug")
    return slug.strip("-")
