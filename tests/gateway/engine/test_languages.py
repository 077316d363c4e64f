"""Everybody is told in their own language what became of their text, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.records import Organization
from tests.gateway.engine.test_permissions import answer, change_mia
from tests.world import World


def change_northwind(world: World, **values: object) -> None:
    with world.database.transaction() as session:
        session.execute(update(Organization).values(values))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "Ihr Konto ist gesperrt seit gestern um 22:30. Senden Sie UNLOCK"),
        ("fr", "votre compte est bloqué depuis hier à 22h30. Envoyez UNLOCK"),
        ("it-CH", "il suo account è stato bloccato ieri alle 22:30. Scriva UNLOCK"),
        ("ja", "your account is locked since yesterday 22:30. Text UNLOCK"),
    ],
)
def test_status_is_told_with_its_times_in_ones_own_language(
    world_anywhere: World, language: str, said: str
) -> None:
    world = world_anywhere
    world.mia.locked = True
    world.mia.locked_since = world.clock() - timedelta(hours=10, minutes=30)
    change_mia(world, language=language)
    assert said in answer(world, "STATUS")


def test_who_has_no_language_of_their_own_gets_the_organizations(world: World) -> None:
    change_northwind(world, language="nl")
    change_mia(world, language="", reset_held_until=world.clock() + timedelta(hours=24))
    told = answer(world, "RESET")
    assert told.startswith("Northwind: uw telefoon is nieuw. RESET werkt vanaf morgen om 09:00")
    change_mia(world, language="es")
    assert "RESET sirve desde mañana a las 09:00, UNLOCK ya mismo." in answer(world, "RESET")
