"""Makes the letter of a waiting mail at the last moment: its words, its look, and its link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from gateway.branding import Brand, brand_of
from gateway.mail import InlineLogo, Letter, MailError
from gateway.mail.addresses import EmailAddress, EmailAddressInvalid
from gateway.mail.wording import NEEDS_LINK, Wording
from gateway.records import Mail
from gateway.records.logos import logo_by_digest
from gateway.records.mails import Recipient
from handlers.conversation import Fact

Links = Callable[[int], Mapping[str, Fact] | None]
"""By the id of an invitation its `link`, and when that `expires`; None where it is dead by now."""

NO_ADDRESS: Final = "no_address"
LINK_DEAD: Final = "link_dead"
"""A newer invitation was sent, or this one was used or taken back: nobody misses the mail."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One mail in the hands of one attempt, with nothing left to ask the database for."""

    mail_id: int
    attempt: int
    address: str = field(repr=False)
    template: str
    language: str
    facts: Mapping[str, Fact] = field(repr=False)
    invitation_id: int | None
    brand: Brand
    logo: bytes | None = field(repr=False)
    key: str
    written_at: datetime


def waiting(session: Session, mail: Mail) -> Waiting:
    """A mail with all that its letter needs, as it stands at this moment."""
    brand = brand_of(session, mail.organization)
    logo = logo_by_digest(session, brand.logo) if brand.logo else None
    return Waiting(
        mail_id=mail.id,
        attempt=mail.attempt,
        address=address_of(mail),
        template=mail.template,
        language=mail.language,
        facts=mail.facts,
        invitation_id=mail.invitation_id,
        brand=brand,
        logo=logo.content if logo else None,
        key=mail.key,
        written_at=mail.created_at,
    )


def address_of(mail: Mail) -> str:
    """Whom it goes to now, or nothing: addresses change while a mail waits."""
    if mail.recipient == Recipient.PERSON:
        return mail.person.email if mail.person else ""
    return mail.organization.alert_email or mail.organization.tenant.alert_email or ""


@dataclass(frozen=True, slots=True)
class Composer:
    """Knows the words, and who makes links: no link is kept anywhere, as whoever has it may act."""

    wording: Wording
    links: Links

    def letter(self, mail: Waiting) -> Letter:
        """Raises MailError where there is nobody to write to, or nothing to write any more."""
        try:
            to = EmailAddress.parse(mail.address)
        except EmailAddressInvalid:
            raise MailError(NO_ADDRESS) from None
        logo = InlineLogo.of(mail.logo) if mail.logo else None
        facts = {**mail.facts, **self._link(mail)}
        src = logo.src if logo else ""
        written = self.wording.write(mail.template, mail.language, facts, mail.brand, src)
        return Letter(
            to=to,
            subject=written.subject,
            body=written.text,
            key=mail.key,
            written_at=mail.written_at,
            html=written.html,
            sender=mail.brand.sender,
            logo=logo,
        )

    def _link(self, mail: Waiting) -> Mapping[str, Fact]:
        """Its time begins now: a mail that was long on its way carries a fresh one."""
        if mail.template not in NEEDS_LINK:
            return {}
        link = self.links(mail.invitation_id) if mail.invitation_id is not None else None
        if link is None:
            raise MailError(LINK_DEAD)
        return link
