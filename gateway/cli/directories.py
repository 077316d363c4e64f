"""`resetline directory`: how an organization's directory is reached, and whether it can be."""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from click.exceptions import Exit
from pydantic import SecretStr

from directory import KINDS
from directory.accounts import Check
from directory.errors import DirectoryMisconfigured
from gateway.cli import output, storage
from gateway.cli.shell import Failed
from gateway.engine.directories import Directories, DirectoryProfile, profile_of
from gateway.records import DirectoryRecord
from gateway.records.audit import Event, record
from gateway.seal import Seal

READABLE_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH


@click.group()
def directory() -> None:
    """How an organization's directory is reached."""


@directory.command("set")
@click.argument("slug")
@click.option("--kind", type=click.Choice(list(KINDS)), default="active_directory")
@click.option("--url", "urls", multiple=True, required=True, help="ldaps://host; repeatable.")
@click.option("--base-dn", required=True, help="Only accounts below it are ever touched.")
@click.option("--bind-dn", required=True, help="The service account: a DN or name@domain.")
@click.option(
    "--bind-password-file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="A file with its password; - reads it from standard input.",
)
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False),
    help="PEM of the authorities to trust instead of the system's own.",
)
@click.option("--protected-group", "protected_groups", multiple=True, help="DN; repeatable.")
def set_(
    slug: str,
    kind: str,
    bind_password_file: str,
    ca_file: str | None,
    **options: Any,
) -> None:
    """Say how the directory of the organization SLUG is reached. Replaces what was said before."""
    options = {name: _without_repeats(value) for name, value in options.items()}
    password, ca_pem = _read_password(bind_password_file), _read_ca(ca_file)
    with storage.open_storage() as (database, seal), database.transaction() as session:
        organization = storage.find_organization(session, slug)
        told = DirectoryRecord(
            organization_id=organization.id,
            kind=kind,
            options=options,
            ca_pem=ca_pem,
            sealed_bind_password=seal.seal(password),
            changed_at=storage.now(),
        )
        _refuse_unsound(seal, told)
        session.merge(told)
        record(session, Event.DIRECTORY_SET, organization, storage.now(), reason=kind, mode="cli")
    click.echo(f"The directory of {slug} is set: try it with `resetline directory test {slug}`.")


@directory.command()
@click.argument("slug")
@output.as_json
def show(slug: str, *, as_json: bool) -> None:
    """Show how the directory of SLUG is reached. Its password is never shown."""
    with storage.open_database() as database, database.transaction() as session:
        told = storage.find_organization(session, slug).directory
        if told is None:
            raise Failed(_not_set(slug))
        facts = {
            "kind": told.kind,
            **told.options,
            "own_authorities": bool(told.ca_pem),
            "changed_at": told.changed_at.isoformat(timespec="seconds"),
        }
    if as_json:
        output.write_json(facts)
        return
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' '):<16} {output.shown(value)}")


@directory.command()
@click.argument("slug")
@output.as_json
def test(slug: str, *, as_json: bool) -> None:
    """Try the directory of SLUG, step by step. Exit status 1 if anything does not work."""
    with storage.open_storage() as (database, seal):
        with database.transaction() as session:
            profile = profile_of(session, storage.find_organization(session, slug))
        if profile is None:
            raise Failed(_not_set(slug))
        checks = try_out(seal, profile)
    _report(checks, as_json=as_json)
    if not all(check.ok for check in checks):
        raise Exit(1)


def try_out(seal: Seal, profile: DirectoryProfile) -> Sequence[Check]:
    """What works and what does not; no session of the database is open meanwhile."""
    directories = Directories(seal)
    try:
        return directories.of(profile).check()
    except DirectoryMisconfigured as error:
        return [Check("settings", ok=False, detail=str(error))]
    finally:
        directories.close()


def _report(checks: Sequence[Check], *, as_json: bool) -> None:
    if as_json:
        output.write_json([asdict(check) for check in checks])
        return
    for check in checks:
        click.echo(f"{_sign(check)} {check.name}: {output.shown(check.detail)}")


def _sign(check: Check) -> str:
    if not check.ok:
        return output.mark("✗", "FAILED")
    return output.mark("!", "WARNING") if check.warning else output.mark("✓", "ok")


def _refuse_unsound(seal: Seal, told: DirectoryRecord) -> None:
    """The adapter looks at its settings before anybody waits for an answer."""
    directories = Directories(seal)
    try:
        directories.of(DirectoryProfile.of(told))
    except DirectoryMisconfigured as error:
        raise Failed(f"{error}: nothing was changed") from None
    finally:
        directories.close()


def _read_password(file: str) -> SecretStr:
    """One line, in a file: on the command line every user of the machine could see it."""
    raw = sys.stdin.buffer.read() if file == "-" else _read(file)
    try:
        password = raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise Failed("the password file is not UTF-8 text") from None
    if not password:
        raise Failed("the password file is empty: write the service account's password into it")
    if "\n" in password:
        raise Failed("the password file has more than one line: it takes the password alone")
    if file != "-" and Path(file).stat().st_mode & READABLE_BY_OTHERS:
        click.echo(f"Warning: others can read {file}: remove it, or `chmod 600` it.", err=True)
    return SecretStr(password)


def _read_ca(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        pem = _read(file).decode()
    except UnicodeDecodeError:
        raise Failed(f"{file} is not PEM: it should begin with -----BEGIN CERTIFICATE") from None
    if "PRIVATE KEY-----" in pem:
        raise Failed(f"{file} holds a private key: give a file with certificates only")
    return pem


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Failed(f"{file} cannot be read: {error.strerror}") from None


def _without_repeats(value: Any) -> Any:
    return list(dict.fromkeys(value)) if isinstance(value, tuple) else value


def _not_set(slug: str) -> str:
    return f"{slug} has no directory yet: say how it is reached with `resetline directory set`"
