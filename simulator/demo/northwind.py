"""Northwind Traders becomes a customer: everything an operator would type, in that order."""

from __future__ import annotations

from pathlib import Path

from simulator.demo.directories import DirectoryAccess
from simulator.demo.parts import ROOT
from simulator.demo.product import Product
from simulator.demo.timezone import time_zone_here

PEOPLE = ROOT / "simulator" / "sample" / "people.csv"
NEWCOMER = "nina.alvarez"
NEWCOMER_EMAIL = "nina.alvarez@northwind.example.test"
SLUG = "northwind"
SUPPORT = "+1 202-555-0100"


def enrol(product: Product, access: DirectoryAccess, people: Path = PEOPLE) -> None:
    """Raises CommandFailed with what the product said."""
    product.command("tenant", "add", "Demo", "--slug", "demo")
    product.command(
        *("organization", "add", SLUG, "--tenant", "demo", "--name", "Northwind"),
        *("--support", SUPPORT, "--country", "US", "--time-zone", time_zone_here()),
    )
    product.command(
        *("directory", "set", SLUG, "--kind", "active_directory", "--url", access.url),
        *("--base-dn", access.base_dn, "--bind-dn", access.bind_dn),
        *("--bind-password-file", access.bind_password_file, "--ca-file", access.ca_file),
    )
    product.command("people", "import", SLUG, str(people), "--trust-phones", "--self-serve")
