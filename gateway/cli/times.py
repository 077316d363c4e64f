"""Points in time as operators type them: a date, a time in UTC, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from gateway.cli import storage

UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
AGO: Final = re.compile(r"([0-9]{1,6})([mhd])")


class Since(click.ParamType[datetime]):
    """`90m`, `12h` and `7d` count back from now; dates and times are in UTC if they do not say."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return since(str(value), storage.now())
        except ValueError:
            self.fail(
                f"{value!r} is no time: write 90m, 12h or 7d for how long ago, "
                "or 2026-11-01 or 2026-11-01T14:30 in UTC",
                param,
                ctx,
            )


def since(text: str, now: datetime) -> datetime:
    """Raises ValueError, also for a time before all times."""
    try:
        if ago := AGO.fullmatch(text):
            return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("too long ago") from None
