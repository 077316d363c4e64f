"""Nina has got her mail, and opens what it leads to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.doors.enrolment.activation import Visitor, visited
from tests.gateway.engine.enrolment.conftest import Newcomer, add_person
from tests.world import World


@pytest.fixture
def nina(world: World) -> Newcomer:
    newcomer = add_person(world, "nina.alvarez")
    newcomer.invited()
    return newcomer


@pytest.fixture
def visitor(world: World, nina: Newcomer) -> Iterator[Visitor]:
    with visited(world, nina) as visitor:
        yield visitor
