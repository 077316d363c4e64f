"""`resetline mail`: tries out what sends mail."""

from __future__ import annotations

from uuid import uuid4

import click
from pydantic import SecretStr

from gateway.cli import storage
from gateway.cli.shell import Failed, WrongUsage
from gateway.mail import Letter, MailError
from gateway.mail.addresses import EmailAddress, EmailAddressInvalid
from gateway.mail.wording import render
from gateway.settings import Settings
from gateway.templating import FALLBACK_LANGUAGE


@click.group()
def mail() -> None:
    """Mail, which tells people what a text could not."""


@mail.command()
@click.argument("address")
def test(address: str) -> None:
    """Send a mail to ADDRESS that says that mail works."""
    settings = storage.read_settings(Settings)
    if not settings.smtp_url:
        raise Failed("SMTP_URL is not set: give it a mail server first")
    letter = _letter(address)
    from gateway.cli.mail_checkup import advice, mailer

    try:
        mailer(settings).send(letter)
    except MailError as error:
        raise Failed(f"the mail was not sent ({error.reason}): {advice(error)}") from None
    click.echo(f"The server has taken a mail for {letter.to.whole}: see whether it arrives.")


def _letter(address: str) -> Letter:
    try:
        to = EmailAddress.parse(address)
    except EmailAddressInvalid as error:
        raise WrongUsage(f"ADDRESS cannot be written to: {error}") from None
    facts = {"organization": "Resetline", "support": ""}
    subject, body = map(SecretStr, render("test", FALLBACK_LANGUAGE, facts))
    return Letter(to, subject, body, uuid4().hex, storage.now())
