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
    """The steady rate at the door."""
    rush: int
    """At most so many texts, in at most so many seconds."""
    rush_seconds: float
    staff: int
    """People with an account in the simulator's directory; each texts once in each round."""
    staff_of_samba: int
    idle: int
    """Texts that come one at a time."""
    resets_per_second: int
    """The steady rate at which answers are followed, where the directory can carry it."""
    workers: tuple[int, ...]
    enrolled: tuple[int, ...]
    """How many people there are while the sender of a text is looked up."""
    look_ups: int
    listed: int
    """Accounts that a sync finds in the directory."""
    every_database: bool
    """PostgreSQL and Samba too, where they are there."""

    @property
    def others(self) -> int:
        """People who text only to be accepted, once in each round."""
        return self.warm + max(self.steady, self.rush)


FULL: Final = Sizes(
    warm=50,
    steady=500,
    per_second=100,
    rush=2500,
    rush_seconds=5.0,
    staff=300,
    staff_of_samba=80,
    idle=150,
    resets_per_second=20,
    workers=(1, 2, 4),
    enrolled=(1_000, 100_000, 1_000_000),
    look_ups=3000,
    listed=5000,
    every_database=True,
)
QUICK: Final = Sizes(
    warm=16,
    steady=50,
    per_second=50,
    rush=200,
    rush_seconds=1.0,
    staff=20,
    staff_of_samba=10,
    idle=10,
    resets_per_second=10,
    workers=(1, 2),
    enrolled=(300, 3_000),
    look_ups=300,
    listed=300,
    every_database=False,
)
