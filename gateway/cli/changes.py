"""Changes what a tenant or an organization is set up with, and audits what was changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy.orm import Session

from gateway.cli import storage
from gateway.cli.shell import WrongUsage
from gateway.mail.addresses import EmailAddress, EmailAddressInvalid
from gateway.pictures import Picture
from gateway.records import Organization, Tenant
from gateway.records.audit import Event, record

Kept = str | int | None
"""What a column holds."""

Given = Kept | Picture
"""What an option comes to; a picture is still to be put away."""

Check = Callable[[str], Given]
"""Takes a value from the command line and returns what it comes to, or raises WrongUsage."""

SHOWN: Final = frozenset({"name", "language", "time_zone", "color"})
"""What the audit may show. Whom to call or to write to is only said to have changed."""

LONGEST_REASON: Final = 60


def change(
    session: Session, changed: Tenant | Organization, event: Event, wanted: Mapping[str, Kept]
) -> list[str]:
    """Set what differs, with one event for each; returns the names of what was changed."""
    differing = {name: v for name, v in wanted.items() if getattr(changed, name) != v}
    for name, value in differing.items():
        reason = _reason(name, getattr(changed, name), value)
        setattr(changed, name, value)
        record(session, event, changed, storage.now(), reason=reason, mode="cli")
    return list(differing)


def checked(options: Mapping[str, str | None], checks: Mapping[str, Check]) -> dict[str, Given]:
    """The options that were given, each as it may be kept. Raises WrongUsage, also for none."""
    given = {name: value for name in checks if (value := options[name]) is not None}
    if not given:
        names = ", ".join("--" + name.replace("_", "-") for name in checks)
        raise WrongUsage(f"nothing to change was given: use one or more of {names}")
    return {name: checks[name](value) for name, value in given.items()}


def told(slug: str, names: list[str]) -> str:
    if not names:
        return f"Nothing to change: {slug} is like that already."
    return f"Changed {', '.join(_called(name).replace('_', ' ') for name in names)} of {slug}."


def checked_alert_email(address: str | None) -> str | None:
    """None takes a contact away; otherwise it has to be an address that can be written to."""
    if not address or not address.strip():
        return None
    try:
        return EmailAddress.parse(address).whole
    except EmailAddressInvalid as error:
        raise WrongUsage(f"--alert-email cannot be written to: {error}") from None


def _reason(name: str, old: Kept, new: Kept) -> str:
    if name in SHOWN:
        return _cut(f"{name}: {old or '-'} -> {new or '-'}")
    return f"{_called(name)}: {'removed' if not new else 'changed' if old else 'set'}"


def _called(name: str) -> str:
    """People know of a logo, not of the id that a column has of it."""
    return name.removesuffix("_id")


def _cut(reason: str) -> str:
    return reason if len(reason) <= LONGEST_REASON else reason[: LONGEST_REASON - 1] + "…"
