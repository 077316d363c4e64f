"""Northwind Traders becomes a customer: everything an operator would type, in that order."""

from __future__ import annotations

from pathlib import Path

from simulator.demo.directories import DirectoryAccess
from simulator.demo.parts import ROOT
from simulator.demo.product import Product
from simulator.demo.timezone import time_zone_here

SAMPLE = ROOT / "simulator" / "sample"
PEOPLE = SAMPLE / "people.csv"
LOGO = SAMPLE / "northwind.png"
NEWCOMER = "nina.alvarez"
NEWCOMER_EMAIL = "nina.alvarez@northwind.example.test"
SLUG = "northwind"
SUPPORT = "+1 202-555-0100"
COLOR = "#0b6b63"
PROVIDER = "Lakeside IT"
MAIL_FROM = f"{PROVIDER} <help@lakeside.example.test>"


def enrol(product: Product, access: DirectoryAccess, people: Path = PEOPLE) -> None:
    """Everybody but the newcomer, who has no number yet and gets a mail that tells her how.

    Raises CommandFailed with what the product said.
    """
    product.command("tenant", "add", PROVIDER, "--slug", "demo", "--mail-from", MAIL_FROM)
    product.command(
        *("organization", "add", SLUG, "--tenant", "demo", "--name", "Northwind"),
        *("--support", SUPPORT, "--country", "US", "--time-zone", time_zone_here()),
        *("--color", COLOR, "--logo", str(LOGO)),
    )
    product.command(
        *("directory", "set", SLUG, "--kind", "active_directory", "--url", access.url),
        *("--base-dn", access.base_dn, "--bind-dn", access.bind_dn),
        *("--bind-password-file", access.bind_password_file, "--ca-file", access.ca_file),
    )
    product.command("people", "import", SLUG, str(people), "--trust-phones", "--self-serve")
    product.command("people", "invite", SLUG, NEWCOMER)
