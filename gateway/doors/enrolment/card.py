"""Our number as a contact to keep: whoever is locked out may not find the mail any more."""

from __future__ import annotations

import segno
from segno.helpers import make_vcard_data

from gateway.branding import Brand
from gateway.carriers import OurLine

WORDS = "Text RESET, UNLOCK, STATUS or HELP"


def contact_card(brand: Brand, line: OurLine) -> str:
    """A vCard 3.0 (RFC 2426), which every phone takes."""
    name = f"{brand.organization} account help"
    return str(
        make_vcard_data(
            name=name.replace(";", " "),
            displayname=name,
            org=brand.organization.replace(";", " "),
            cellphone=line.number,
            memo=WORDS,
        )
    )


def as_picture(brand: Brand, line: OurLine) -> str:
    """The same as a QR code in SVG, for whoever enrols at a computer."""
    code = segno.make(contact_card(brand, line), error="m")
    return str(code.svg_inline(scale=4, border=4, omitsize=True, dark="#000", light="#fff"))
