"""Opens what commands work on: the database, the seal, and a noun by its slug."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import logs
from gateway.cli.shell import Failed, WrongUsage, not_among
from gateway.records import Organization, Person, Tenant, schema
from gateway.records.database import Database, DatabaseUnavailable
from gateway.records.organizations import organization_by_slug
from gateway.records.people import person_by_username
from gateway.records.tenants import tenant_by_slug
from gateway.seal import CannotUnseal, Seal
from gateway.settings import DatabaseSettings, MailSettings, SettingsInvalid, StorageSettings

SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG: Final = 63

AnySettings = TypeVar("AnySettings", bound=DatabaseSettings)


class Storage(NamedTuple):
    database: Database
    seal: Seal


def now() -> datetime:
    return datetime.now(UTC)


def read_settings(kind: type[AnySettings]) -> AnySettings:
    """Only what a command needs is demanded of the environment."""
    try:
        return kind.from_environment()
    except SettingsInvalid as error:
        raise Failed(str(error)) from None


def need_mail_server(settings: MailSettings) -> None:
    """Before anything is changed that only a mail can tell somebody of."""
    if not settings.smtp_url:
        raise Failed("SMTP_URL is not set: give it a mail server first")


@contextmanager
def open_database() -> Iterator[Database]:
    """A database that is there and up to date, for commands that open no secret."""
    with _opened(read_settings(DatabaseSettings)) as database:
        yield database


@contextmanager
def open_storage() -> Iterator[Storage]:
    """The same with the seal, for commands that seal secrets or open them."""
    settings = read_settings(StorageSettings)
    with _opened(settings) as database:
        yield Storage(database, Seal(settings.secret_keys))


@contextmanager
def _opened(settings: DatabaseSettings) -> Iterator[Database]:
    quiet = settings.log_level if settings.log_level == "DEBUG" else "WARNING"
    logs.configure(quiet, "console")
    with reached(settings) as database:
        with database.reading() as session:
            if not schema.is_current(session.connection()):
                raise Failed("the database is not up to date: run `resetline db upgrade`")
        yield database


@contextmanager
def reached(settings: DatabaseSettings) -> Iterator[Database]:
    """The database as it is, migrated or not; what goes wrong with it is said in a sentence."""
    try:
        database = Database(settings.database_url)
    except OSError as error:
        where = f"{error.filename}: {error.strerror}"
        raise Failed(f"the folder for the database cannot be made ({where})") from None
    try:
        yield database
    except DatabaseUnavailable as error:
        raise Failed(f"{error}: is DATABASE_URL right, and is the database running?") from None
    except CannotUnseal as error:
        raise Failed(f"{error}: put that key back at the end of SECRET_KEYS") from None
    finally:
        database.close()


def checked_slug(slug: str) -> str:
    """A slug stands in commands and addresses, so it is kept plain."""
    if len(slug) > LONGEST_SLUG or not SLUG.fullmatch(slug):
        raise WrongUsage(
            f"{slug!r} is no slug: use up to {LONGEST_SLUG} lower-case letters a-z and digits, "
            "with single hyphens between them"
        )
    return slug


def find_tenant(session: Session, slug: str) -> Tenant:
    tenant = tenant_by_slug(session, slug)
    if tenant is None:
        raise Failed(not_among("tenant", slug, session.scalars(select(Tenant.slug))))
    return tenant


def find_organization(session: Session, slug: str) -> Organization:
    organization = organization_by_slug(session, slug)
    if organization is None:
        raise Failed(not_among("organization", slug, session.scalars(select(Organization.slug))))
    return organization


def find_person(session: Session, organization: Organization, username: str) -> Person:
    person = person_by_username(session, organization, username)
    if person is None:
        known = select(Person.username).where(Person.organization_id == organization.id)
        raise Failed(not_among("person", username, session.scalars(known)))
    return person
