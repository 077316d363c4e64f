"""`resetline tenant`: the managed service providers, or their branches, that run this."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import click
from sqlalchemy import func, select

from gateway.cli import changes, looks, output, storage
from gateway.cli.shell import Failed, WrongUsage
from gateway.mail.addresses import EmailAddressInvalid, sender
from gateway.records import Organization, Tenant
from gateway.records.audit import Event, record
from gateway.records.tenants import tenant_by_slug

LONGEST_NAME = 100
LONGEST_SENDER = 320
ALERT_EMAIL = "Told by mail when somebody was left without help."
MAIL_FROM = 'Whom mail is from, such as "Example MSP <help@msp.example>". Else MAIL_FROM.'
HOLDS_FOR = "For its organizations that have none."


@click.group()
def tenant() -> None:
    """Tenants: those who run this for organizations."""


@tenant.command()
@click.argument("name")
@click.option("--slug", help="Its short name in commands. Made from NAME if left out.")
@click.option("--alert-email", help=ALERT_EMAIL)
@click.option("--mail-from", help=MAIL_FROM)
@looks.options(HOLDS_FOR)
def add(slug: str | None, **options: str | None) -> None:
    """Add a tenant called NAME."""
    wanted = changes.checked(options, CHECKS)
    slug = storage.checked_slug(slug if slug is not None else _slug_of(str(wanted["name"])))
    with storage.open_database() as database, database.transaction() as session:
        if tenant_by_slug(session, slug):
            raise Failed(f"there is a tenant {slug!r} already: choose another with --slug")
        now = storage.now()
        added = Tenant(slug=slug, created_at=now, **looks.kept(session, wanted))
        session.add(added)
        session.flush()
        record(session, Event.TENANT_ADDED, added, now, mode="cli")
    click.echo(f"Added the tenant {slug}.")


@tenant.command("set")
@click.argument("slug")
@click.option("--name", help="What it is called.")
@click.option("--alert-email", help=f'{ALERT_EMAIL} "" takes it away.')
@click.option("--mail-from", help=f'{MAIL_FROM} "" takes it away.')
@looks.options(f'{HOLDS_FOR} "" takes it away.')
def set_(slug: str, **options: str | None) -> None:
    """Change what the tenant SLUG is set up with; what is not given stays as it is."""
    wanted = changes.checked(options, CHECKS)
    with storage.open_database() as database, database.transaction() as session:
        found = storage.find_tenant(session, slug)
        described = looks.kept(session, wanted)
        names = changes.change(session, found, Event.TENANT_CHANGED, described)
        looks.forget_unused_logos(session)
    click.echo(changes.told(slug, names))


@tenant.command("list")
@output.as_json
def list_(*, as_json: bool) -> None:
    """List all tenants."""
    with storage.open_database() as database, database.transaction() as session:
        rows = session.execute(
            select(
                Tenant.slug,
                Tenant.name,
                Tenant.alert_email,
                Tenant.support,
                Tenant.mail_from,
                Tenant.color,
                Tenant.logo_id.is_not(None).label("logo"),
                Tenant.terms_url,
                Tenant.privacy_url,
                func.count(Organization.id).label("organizations"),
            )
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


def _checked_sender(raw: str) -> str:
    """Kept as it was written, and read anew for each mail."""
    raw = raw.strip()
    if len(raw) > LONGEST_SENDER:
        raise WrongUsage(f"--mail-from takes at most {LONGEST_SENDER} characters")
    try:
        if raw:
            sender(raw)
    except EmailAddressInvalid as error:
        raise WrongUsage(f"--mail-from cannot be written from: {error}") from None
    return raw


CHECKS: Final[dict[str, changes.Check]] = {
    "name": _checked_name,
    "alert_email": changes.checked_alert_email,
    "mail_from": _checked_sender,
    **looks.CHECKS,
}


def _slug_of(name: str) -> str:
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    slug = "-".join(re.findall(r"[a-z0-9]+", ascii_name.lower()))[: storage.LONGEST_SLUG]
    if not slug:
        raise WrongUsage(f"no slug can be made from {name!r}: give one with --slug")
    return slug.strip("-")
