"""The doctor's checks of mail: its templates, its server, and whom the MSP wants alerted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select

from gateway.cli.findings import Finding, broken, good, warning
from gateway.cli.shell import Failed
from gateway.cli.storage import reached
from gateway.mail import MailError, trying
from gateway.mail.servers import MailServer
from gateway.mail.smtp import SmtpMailer
from gateway.records import Organization, Tenant, schema
from gateway.settings import Settings

ADVICE: Final = {
    "certificate": "give its own authority with SMTP_CA_FILE, or the name that its certificate has",
    "tls": "smtps:// is for port 465, smtp:// with STARTTLS for port 587: correct SMTP_URL",
    "not_offered": "it offers no STARTTLS or no sign-in on that port: correct SMTP_URL",
    "sign_in": "correct user and password in SMTP_URL; an app password may be needed",
    "sender_refused": "give a MAIL_FROM or --mail-from that the server lets this user send from",
    "relay_refused": "give SMTP_URL a user and a password, or let the server accept this machine",
    "unreachable": "look at the network, the firewall and SMTP_URL",
}
"""By the word that a MailError begins with: what an operator can do about it."""


def mail(settings: Settings) -> Iterator[Finding]:
    """Without a server nothing more is asked of it: that alone has to be known."""
    yield from _templates(settings)
    if not settings.smtp_url:
        detail = "SMTP_URL is not set, so nobody is told by mail what a text could not tell"
        yield warning("mail", detail, "give it a mail server that takes mail from here")
        return
    yield _server(settings)
    yield from _alert_contacts(settings)


def mailer(settings: Settings) -> SmtpMailer:
    server = MailServer.parse(settings.smtp_url.get_secret_value())
    return SmtpMailer(server, settings.mail_sender, settings.smtp_ca_file)


def advice(error: MailError) -> str:
    for reason, sentence in ADVICE.items():
        if error.reason.startswith(reason):
            return sentence
    return "try again in a few minutes, and look at the mail server's log"


def _templates(settings: Settings) -> Iterator[Finding]:
    """Where an operator has none of their own, ours are the package's and have been tested."""
    if not settings.templates_dir:
        return
    tried = trying.tried(settings.templates_dir)
    for fault in tried.faults:
        advice = f"correct it in {settings.templates_dir}: until then our own is used in its place"
        yield broken("mail templates", fault, advice)
    if not tried.faults:
        yield good("mail templates", f"all {len(tried.taken)} of yours can be written")


def _server(settings: Settings) -> Finding:
    server = MailServer.parse(settings.smtp_url.get_secret_value())
    try:
        mailer(settings).check()
    except MailError as error:
        return broken("mail", f"{server.host} does not let us in ({error.reason})", advice(error))
    signed_in = "lets us in" if server.user else "answers"
    return good("mail", f"{server.host} {signed_in}; mail is from {settings.mail_sender.addr_spec}")


def _alert_contacts(settings: Settings) -> Iterator[Finding]:
    """The database has been reported on already, if it is away."""
    without = (
        select(Organization.slug)
        .join(Tenant)
        .where(Organization.alert_email.is_(None), Tenant.alert_email.is_(None))
        .order_by(Organization.slug)
    )
    try:
        with reached(settings) as database, database.transaction() as session:
            current = schema.is_current(session.connection())
            slugs = session.scalars(without).all() if current else []
    except Failed:
        return
    for slug in slugs:
        todo = f"`resetline organization set {slug} --alert-email …`"
        yield warning(
            f"alerts of {slug}", "nobody is told when somebody is left without help", todo
        )
