"""A clock turned by hand, so that a test never waits for time to pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Clock:
    """Give it to a domain as `now`. It stands still until it is turned."""

    moment: datetime = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def turn(self, span: timedelta) -> None:
        """Let time pass."""
        self.moment += span
