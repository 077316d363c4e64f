"""Made-up facts and brands, to try templates with and to show what a mail looks like."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.branding import Brand, Mark
from gateway.mail.addresses import sender
from gateway.mail.wording import FACTS
from handlers.conversation import Fact

LINK: Final = "https://reset.example.com/activate/this-link-is-only-a-sample"

_FULL: Final[Mapping[str, Fact]] = MappingProxyType(
    {
        "display_name": "Alex Morgan",
        "username": "alex.morgan",
        "expires": "9 Mar 2026 17:00 UTC",
        "asks_password": True,
        "link": LINK,
        "number": "+1***0143",
        "our_number": "+12025550100",
        "hours": "24",
        "unlock": True,
        "request": "4711",
        "when": "2 Mar 2026 09:00 UTC",
        "reason": "30003",
        "certain": True,
    }
)
_BARE: Final[Mapping[str, Fact]] = MappingProxyType(
    {
        **_FULL,
        "display_name": "",
        "asks_password": False,
        "certain": False,
        "our_number": "",
        "hours": "0",
        "unlock": False,
    }
)
_BRANDED: Final = Brand(
    organization="Northwind",
    provider="Example MSP",
    support="+1 202-555-0100",
    mark=Mark("0" * 64, 480, 120, of="Northwind"),
    terms_url="https://msp.example/terms",
    privacy_url="https://msp.example/privacy",
    sender=sender("Example MSP <help@msp.example>"),
)


def facts_of(template: str) -> dict[str, Fact]:
    """Everything that a mail is told, with all of it known."""
    return {name: _FULL[name] for name in FACTS[template]}


def trials(template: str) -> tuple[tuple[dict[str, Fact], Brand], ...]:
    """With all that can be told, and with as little as there can be."""
    bare = {name: _BARE[name] for name in FACTS[template]}
    return (facts_of(template), _BRANDED), (bare, Brand())
