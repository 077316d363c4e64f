"""Takes a long row of things in portions, and never holds more than one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def portions(things: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """So many at a time; the last may be fewer."""
    rest = iter(things)
    while portion := list(islice(rest, size)):
        yield portion
