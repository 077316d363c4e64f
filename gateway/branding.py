"""Whose help it is and how that looks: as the organization says, else its tenant, else we."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.colors import WHITE, Color
from gateway.mail.addresses import sender
from gateway.records import Logo, Organization

PRODUCT: Final = "Resetline"
OUR_COLOR: Final = Color("#1f5a85")
"""A calm blue, for whoever chose none."""

NIGHT: Final = Color("#1c2127")
"""The ground of mails and pages where somebody's screen is set to dark."""

_TEL: Final = re.compile(r"\+[\d ().-]+")


@dataclass(frozen=True, slots=True)
class Mark:
    """A logo as it is shown: on white, which is the ground that it was drawn on."""

    digest: str
    width: int
    height: int
    """Pixels of the file. It is sharpest when it is shown at half of that."""
    of: str
    """Whose it is: what is read out in its place."""


@dataclass(frozen=True, slots=True)
class Brand:
    """What mails and pages need to know. What nobody has set is empty."""

    organization: str = PRODUCT
    provider: str = PRODUCT
    """The tenant, who runs this for the organization."""
    support: str = ""
    color: Color = OUR_COLOR
    mark: Mark | None = None
    terms_url: str = ""
    privacy_url: str = ""
    sender: Address | None = None
    """Whom mail to this organization's people is from; None is that of the settings."""

    @property
    def logo(self) -> str:
        """The digest of the logo, which is at /logos/<digest>.png, or nothing."""
        return self.mark.digest if self.mark else ""

    @property
    def ink(self) -> Color:
        """Text that is put on the colour itself, as on a button."""
        return self.color.ink

    @property
    def on_white(self) -> Color:
        """The shade for links on white, and for the edge of a button there."""
        return self.color.readable_on(WHITE)

    @property
    def on_night(self) -> Color:
        """The same for a dark ground."""
        return self.color.readable_on(NIGHT)

    @property
    def support_tel(self) -> str:
        """What a `tel:` link calls, where the support contact is a number for every country."""
        is_number = _TEL.fullmatch(self.support)
        return re.sub(r"[^+\d]", "", self.support) if is_number else ""


def brand_of(session: Session, organization: Organization) -> Brand:
    """Each part of the brand by itself: the organization's, else its tenant's, else ours."""
    tenant = organization.tenant
    color = organization.color or tenant.color
    return Brand(
        organization=organization.name,
        provider=tenant.name,
        support=organization.support or tenant.support,
        color=Color(color) if color else OUR_COLOR,
        mark=_mark(session, organization),
        terms_url=organization.terms_url or tenant.terms_url,
        privacy_url=organization.privacy_url or tenant.privacy_url,
        sender=sender(tenant.mail_from) if tenant.mail_from else None,
    )


def _mark(session: Session, organization: Organization) -> Mark | None:
    """Without its pixels, which only few need."""
    own, tenant = organization.logo_id, organization.tenant
    wanted = select(Logo.digest, Logo.width, Logo.height).where(Logo.id == (own or tenant.logo_id))
    found = session.execute(wanted).first()
    return Mark(*found, of=organization.name if own else tenant.name) if found else None
