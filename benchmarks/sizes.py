"""How much is measured: counts and seconds, so that a run ends in good time on any machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sizes:
    warm: int
    """Texts before anything is timed."""
    steady: int
    steady_per_second: int
    rush: int
    """At most so many texts, in at most so many seconds."""
    rush_seconds: float
    staff: int
    """People with an account in the simulator's directory; each texts once in each round."""
    staff_of_samba: int
    every_part: bool
    """PostgreSQL and Samba too, where they are there."""


FULL: Final = Sizes(
    warm=50,
    steady=500,
    steady_per_second=100,
    rush=2500,
    rush_seconds=4.0,
    staff=160,
    staff_of_samba=100,
    every_part=True,
)
QUICK: Final = Sizes(
    warm=20,
    steady=100,
    steady_per_second=100,
    rush=300,
    rush_seconds=1.5,
    staff=30,
    staff_of_samba=0,
    every_part=False,
)
