"""Whose help it is: each part as the organization says, else its tenant, else we."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.branding import NIGHT, OUR_COLOR, Brand, brand_of
from gateway.colors import WHITE, Color, is_readable
from gateway.records import Logo, Organization, Tenant
from tests.world import MIA, World

TENANTS_OWN = {
    "support": "+1 415 555 0100",
    "color": "#0b5fff",
    "terms_url": "https://msp.example/terms",
    "privacy_url": "https://msp.example/privacy",
    "mail_from": "Example MSP <help@msp.example>",
}


def brand(world: World) -> Brand:
    with world.database.transaction() as session:
        return brand_of(session, session.scalars(select(Organization)).one())


def change(world: World, model: type[Tenant | Organization], **values: object) -> None:
    with world.database.transaction() as session:
        changed = session.scalars(select(model)).one()
        for name, value in values.items():
            setattr(changed, name, value)


def add_logo(world: World, digest: str, width: int = 480, height: int = 120) -> int:
    with world.database.transaction() as session:
        logo = Logo(
            digest=digest,
            media_type="image/png",
            width=width,
            height=height,
            content=b"pixels",
            created_at=world.clock(),
        )
        session.add(logo)
        session.flush()
        return logo.id


def test_who_has_set_nothing_gets_a_calm_brand_with_the_names(world: World) -> None:
    assert brand(world) == Brand(organization="Northwind", provider="Example MSP")
    assert brand(world).color == OUR_COLOR
    assert brand(world).logo == ""


def test_what_an_organization_does_not_say_is_its_tenants(world: World) -> None:
    change(world, Tenant, **TENANTS_OWN)
    seen = brand(world)
    assert (seen.support, seen.color) == ("+1 415 555 0100", "#0b5fff")
    assert (seen.terms_url, seen.privacy_url) == (
        "https://msp.example/terms",
        "https://msp.example/privacy",
    )
    assert str(seen.sender) == "Example MSP <help@msp.example>"


def test_what_an_organization_says_is_its_own_and_the_rest_its_tenants(world: World) -> None:
    change(world, Tenant, **TENANTS_OWN)
    change(world, Organization, support="ext. 100", color="#00aa55")
    seen = brand(world)
    assert (seen.support, seen.color) == ("ext. 100", "#00aa55")
    assert seen.terms_url == "https://msp.example/terms"


def test_a_logo_is_shown_as_whose_it_is(world: World) -> None:
    change(world, Tenant, logo_id=add_logo(world, "a" * 64))
    assert (mark := brand(world).mark)
    assert (mark.digest, mark.of) == ("a" * 64, "Example MSP")
    change(world, Organization, logo_id=add_logo(world, "b" * 64, 300, 100))
    assert (mark := brand(world).mark)
    assert (mark.digest, mark.width, mark.height, mark.of) == ("b" * 64, 300, 100, "Northwind")


@given(st.integers(0, 0xFFFFFF))
def test_a_brand_can_be_read_by_day_and_by_night(number: int) -> None:
    seen = Brand(color=Color(f"#{number:06x}"))
    assert is_readable(seen.ink, seen.color)
    assert is_readable(seen.on_white, WHITE)
    assert is_readable(seen.on_night, NIGHT)


@pytest.mark.parametrize(
    ("support", "calls"),
    [
        ("+1 415 555 0100", "+14155550100"),
        ("+49 (30) 123-456", "+4930123456"),
        ("(415) 555-0100", ""),
        ("ext. 100", ""),
        ("", ""),
    ],
)
def test_a_support_number_can_be_called_where_it_holds_everywhere(support: str, calls: str) -> None:
    assert Brand(support=support).support_tel == calls


def test_a_text_names_the_tenants_number_where_the_organization_has_none(world: World) -> None:
    change(world, Tenant, support="+1 415 555 0177")
    world.text("help")
    world.work()
    assert "call +1 415 555 0177." in world.texts(MIA)[-1]
    change(world, Organization, support="+1 415 555 0188")
    world.text("help")
    world.work()
    assert "call +1 415 555 0188." in world.texts(MIA)[-1]
