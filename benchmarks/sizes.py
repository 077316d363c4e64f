"""How much is measured: counts and seconds, so that a run ends in good time on any machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sizes:
    warm: int
    """Texts before anything is timed."""
    steady: int
    per_second: int
    """The steady rate."""
    rush: int
    """At most so many texts, in at most so many seconds."""
    rush_seconds: float
    staff: int
    """People with an account in the simulator's directory; each texts once in each round."""
    staff_of_samba: int
    every_part: bool
    """PostgreSQL and Samba too, where they are there."""

    @property
    def others(self) -> int:
        """People who text only to be accepted, once each."""
        return self.warm + self.steady + self.rush


FULL: Final = Sizes(
    warm=50,
    steady=500,
    per_second=100,
    rush=2000,
    rush_seconds=4.0,
    staff=150,
    staff_of_samba=80,
    every_part=True,
)
QUICK: Final = Sizes(
    warm=16,
    steady=50,
    per_second=50,
    rush=200,
    rush_seconds=1.0,
    staff=16,
    staff_of_samba=0,
    every_part=False,
)
