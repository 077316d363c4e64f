"""What the clock writes down at the end of a sweep: that it ended, and how often what happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gateway.records.database import Database
from gateway.records.heartbeats import SWEEP, beat, forget_beats
from gateway.records.questions import forget_questions
from gateway.records.tallies import sum_up

SETTLED_AFTER: Final = timedelta(seconds=60)
"""By then whatever was written earlier is committed: a transaction of ours takes far less."""

FORGET_BEATS_AFTER: Final = timedelta(days=1)


def keep_books(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        sum_up(session, now - SETTLED_AFTER)
        beat(session, SWEEP, now)
        forget_beats(session, now - FORGET_BEATS_AFTER)
        forget_questions(session, now)
