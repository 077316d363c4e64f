"""Python reads this first where this folder is on its path: the time of day is then wrong."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import time_machine

WRONG_BY = timedelta(minutes=float(os.environ["CLOCK_WRONG_BY_MINUTES"]))

time_machine.travel(datetime.now(UTC) + WRONG_BY, tick=True).start()
