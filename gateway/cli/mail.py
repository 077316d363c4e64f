"""`resetline mail`: tries out what sends mail, and shows what mails look like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import click

from gateway.branding import Brand, brand_of
from gateway.cli import storage
from gateway.cli.shell import Failed, WrongUsage, not_among
from gateway.mail import InlineLogo, Letter, MailError, samples, trying
from gateway.mail.addresses import EmailAddress, EmailAddressInvalid
from gateway.mail.wording import FACTS, Written
from gateway.people_import import is_language
from gateway.records.logos import logo_by_digest
from gateway.settings import Settings, WordingSettings
from gateway.templating import FALLBACK_LANGUAGE

LIKE = "The slug of the organization whose it is to look like."
LOGO = "logo.png"


@dataclass(frozen=True, slots=True)
class Look:
    """A brand, and the pixels of its logo."""

    brand: Brand
    logo: bytes | None = None


@click.group()
def mail() -> None:
    """Mail, which tells people what a text could not."""


@mail.command()
@click.argument("address")
@click.option("--organization", help=LIKE)
def test(address: str, organization: str | None) -> None:
    """Send a mail to ADDRESS that says that mail works."""
    to = _checked_address(address)
    settings = storage.read_settings(Settings)
    storage.need_mail_server(settings)
    letter = _letter(to, _look_of(organization), settings.templates_dir)
    from gateway.cli.mail_checkup import advice, mailer

    try:
        mailer(settings).send(letter)
    except MailError as error:
        raise Failed(f"the mail was not sent ({error.reason}): {advice(error)}") from None
    click.echo(f"The server has taken a mail for {letter.to.whole}: see whether it arrives.")


@mail.command()
@click.argument("template")
@click.option("--organization", help=LIKE)
@click.option("--language", default=FALLBACK_LANGUAGE, show_default=True, help="To write it in.")
@click.option("--out", required=True, help="A folder to put it in; it is made if need be.")
def preview(template: str, organization: str | None, language: str, out: str) -> None:
    """Write the mail TEMPLATE into a folder, with made-up facts, and send nothing."""
    if template not in FACTS:
        raise WrongUsage(not_among("mail", template, FACTS))
    if not is_language(language):
        raise WrongUsage(f"--language {language!r} is no code of a language, such as en or pt-BR")
    settings = storage.read_settings(WordingSettings)
    look = _look_of(organization)
    tried = trying.tried(settings.templates_dir)
    for fault in tried.faults:
        click.echo(f"Note: not used, as it is broken: {fault}", err=True)
    facts, src = samples.facts_of(template), LOGO if look.logo else ""
    written = tried.wording.write(template, language, facts, look.brand, src)
    for path in _saved(Path(out), template, written, look.logo):
        click.echo(f"Wrote {path}")


def _look_of(slug: str | None) -> Look:
    """An organization's, or where none is named the product's."""
    if slug is None:
        return Look(Brand())
    with storage.open_database() as database, database.reading() as session:
        brand = brand_of(session, storage.find_organization(session, slug))
        logo = logo_by_digest(session, brand.logo) if brand.logo else None
        return Look(brand, logo.content if logo else None)


def _letter(to: EmailAddress, look: Look, templates_dir: str) -> Letter:
    logo = InlineLogo.of(look.logo) if look.logo else None
    wording = trying.tried(templates_dir).wording
    written = wording.write("test", FALLBACK_LANGUAGE, {}, look.brand, logo.src if logo else "")
    return Letter(
        to=to,
        subject=written.subject,
        body=written.text,
        key=uuid4().hex,
        written_at=storage.now(),
        html=written.html,
        sender=look.brand.sender,
        logo=logo,
    )


def _checked_address(address: str) -> EmailAddress:
    try:
        return EmailAddress.parse(address)
    except EmailAddressInvalid as error:
        raise WrongUsage(f"ADDRESS cannot be written to: {error}") from None


def _saved(folder: Path, name: str, written: Written, logo: bytes | None) -> list[Path]:
    """The text with its subject, the HTML, and the logo that it shows."""
    text = f"Subject: {written.subject.get_secret_value()}\n\n{written.text.get_secret_value()}"
    files = {f"{name}.txt": text.encode(), f"{name}.html": written.html.get_secret_value().encode()}
    files |= {LOGO: logo} if logo else {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (folder / file).write_bytes(content)
    except OSError as error:
        raise Failed(f"{error.filename} cannot be written: {error.strerror}") from None
    return [folder / file for file in files]
