"""What every directory has to do, whoever made it: run by inheritance against each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from directory.accounts import Directory
from tests.directory.contract.authenticating import Authenticating
from tests.directory.contract.connecting import Connecting
from tests.directory.contract.finding import Finding
from tests.directory.contract.listing import Listing
from tests.directory.contract.reading import Reading
from tests.directory.contract.refusing import Refusing
from tests.directory.contract.replacing import Replacing
from tests.directory.contract.resetting import Resetting
from tests.directory.contract.unlocking import Unlocking
from tests.directory.contract.world import World, connected

__all__ = ["DirectoryContract", "World"]


class DirectoryContract(
    Finding,
    Reading,
    Listing,
    Resetting,
    Replacing,
    Unlocking,
    Refusing,
    Connecting,
    Authenticating,
):
    """Inherit it and offer a `world` fixture."""

    @pytest.fixture
    def world(self) -> World:
        """Where it happens."""
        raise NotImplementedError

    @pytest.fixture
    def accounts(self, world: World) -> Iterator[Directory]:
        """The directory as the product would connect to it."""
        with closing(connected(world)) as connection:
            yield connection
