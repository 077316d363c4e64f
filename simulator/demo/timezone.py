"""Which time zone this machine lives in, so that the times in texts are the ones on the wall."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import available_timezones

LOCALTIME = Path("/etc/localtime")
FOLDER = "zoneinfo/"


def time_zone_here(localtime: Path = LOCALTIME) -> str:
    """An IANA name such as Europe/Berlin; UTC where the machine does not say."""
    linked = str(localtime.resolve()).partition(FOLDER)[2]
    named = os.environ.get("TZ", "").removeprefix(":")
    return next((each for each in (named, linked) if each in available_timezones()), "UTC")
